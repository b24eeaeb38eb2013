;; pyperformance's fannkuch: flips of permutations.
(defn flips [perm]
  (setv perm (list perm) n 0 k (get perm 0))
  (while k
    (setv (cut perm (+ k 1)) (cut perm k None -1))
    (+= n 1)
    (setv k (get perm 0)))
  n)

(defn fannkuch [n]
  (setv counts (list (range 1 (+ n 1))) perm (list (range n)) most 0 r n)
  (while True
    (while (!= r 1)
      (setv (get counts (- r 1)) r)
      (-= r 1))
    (when (and (!= (get perm 0) 0) (!= (get perm -1) (- n 1)))
      (setv most (max most (flips perm))))
    (while True
      (when (= r n)
        (return most))
      (.insert perm r (.pop perm 0))
      (-= (get counts r) 1)
      (when (> (get counts r) 0)
        (break))
      (+= r 1))))

(defn run [] (fannkuch 5))
