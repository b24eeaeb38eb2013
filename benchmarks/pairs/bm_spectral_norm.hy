;; pyperformance's spectral_norm: products with an infinite matrix.
(defn entry [i j] (/ 1.0 (+ (// (* (+ i j) (+ i j 1)) 2) i 1)))

(defn times [u]
  (lfor i (range (len u)) (sum (gfor [j uj] (enumerate u) (* (entry i j) uj)))))

(defn transposed-times [u]
  (lfor i (range (len u)) (sum (gfor [j uj] (enumerate u) (* (entry j i) uj)))))

(defn both-times [u] (transposed-times (times u)))

(defn dot [a b] (sum (gfor [x y] (zip a b) (* x y))))

(defn run []
  (setv u (* [1] 16))
  (for [_ (range 3)]
    (setv v (both-times u))
    (setv u (both-times v)))
  (/ (dot u v) (dot v v)))
