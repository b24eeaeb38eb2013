;; pyperformance's scimark: relax a grid over itself.
(defn sweep [grid omega]
  (for [y (range 1 (- (len grid) 1))
        x (range 1 (- (len (get grid y)) 1))]
    (setv around (+ (get grid (- y 1) x) (get grid (+ y 1) x) (get grid y (- x 1)) (get grid y (+ x 1))))
    (setv (get grid y x) (+ (* omega 0.25 around) (* (- 1.0 omega) (get grid y x))))))

(defn run []
  (setv grid (lfor y (range 12) (lfor x (range 12) (float (% (* x y) 7)))))
  (for [_ (range 4)]
    (sweep grid 1.25))
  grid)
