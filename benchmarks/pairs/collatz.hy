;; Integer loops.
(defn steps [n]
  (setv k 0)
  (while (!= n 1)
    (setv n (if (= 0 (% n 2)) (// n 2) (+ 1 (* 3 n))))
    (+= k 1))
  k)

(defn run [] (max (gfor n (range 1 40) (steps n))))
