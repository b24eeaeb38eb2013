;; pyperformance's scimark: a sparse matrix times a vector.
(setv ROWS 40 EACH 5)
(setv starts (lfor r (range (+ ROWS 1)) (* r EACH)))
(setv columns (lfor r (range ROWS) k (range EACH) (* k (max 1 (// r EACH)))))
(setv values (lfor k (range (* ROWS EACH)) (+ 0.5 (% k 9))))
(setv x (lfor k (range ROWS) (/ 1.0 (+ k 1))))

(defn row-sum [r]
  (setv total 0.0)
  (for [i (range (get starts r) (get starts (+ r 1)))]
    (+= total (* (get x (get columns i)) (get values i))))
  total)

(defn run []
  (for [_ (range 4)]
    (setv y (lfor r (range ROWS) (row-sum r))))
  y)
