;; A table changed in a loop: the sieve of Eratosthenes.
(defn strike [table start step limit]
  (for [k (range start limit step)]
    (setv (get table k) False)))

(defn sieve [limit]
  (setv table (* [True] limit) n 2)
  (while (< (* n n) limit)
    (when (get table n)
      (strike table (* n n) n limit))
    (+= n 1))
  table)

(defn run []
  (setv table (sieve 400))
  (len (lfor n (range 2 400) :if (get table n) n)))
