;; Float loops: the spectral norm of an infinite matrix.
(defn entry [i j] (/ 1.0 (+ (/ (* (+ i j) (+ i j 1)) 2) i 1)))

(defn times [v]
  (lfor i (range (len v)) (sum (gfor j (range (len v)) (* (entry i j) (get v j))))))

(defn run [] (sum (times (times (lfor _ (range 12) 1.0)))))
