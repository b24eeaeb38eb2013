;; A loop over floats.
(defn escape [cr ci limit]
  (setv zr 0.0 zi 0.0)
  (for [i (range limit)]
    (setv a (* zr zr) b (* zi zi))
    (when (> (+ a b) 4.0)
      (return i))
    (setv [zr zi] #((+ (- a b) cr) (+ (* 2.0 zr zi) ci))))
  limit)

(defn row [y width limit]
  (setv total 0)
  (for [x (range width)]
    (+= total (escape (- (* x 0.15) 2.0) y limit)))
  total)

(defn run [] (sum (gfor k (range 8) (row (- (* k 0.25) 1.0) 20 40))))
