;; Sets.
(defn common [left right]
  (setv known (set left))
  (lfor x (dict.fromkeys right) :if (in x known) x))

(defn pairs [n limit]
  (setv seen (set) out [])
  (for [i (range n)]
    (setv x (% (* i i) limit))
    (if (in x seen)
      (.append out x)
      (.add seen x)))
  out)

(defn run [] [(common (range 0 90 3) (range 0 90 2)) (pairs 60 50)])
