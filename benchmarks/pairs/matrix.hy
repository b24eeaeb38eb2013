;; Big vectors in vectors: the product of two matrices.
(setv a (lfor i (range 12) (lfor j (range 12) (+ (* i 3) j))))
(setv b (lfor i (range 12) (lfor j (range 12) (- (* j 2) i))))

(defn product [a b]
  (lfor row a
    (lfor j (range (len (get b 0)))
      (sum (gfor k (range (len row)) (* (get row k) (get b k j)))))))

(defn run [] (product a b))
