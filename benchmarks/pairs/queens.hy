;; Place queens: recursion over vectors.
(defn safe? [placed column]
  (setv row (len placed))
  (all (gfor [r c] (enumerate placed) (and (!= c column) (!= (abs (- c column)) (- row r))))))

(defn solutions [placed size]
  (when (= (len placed) size)
    (return 1))
  (setv total 0)
  (for [column (range size)]
    (when (safe? placed column)
      (+= total (solutions [#* placed column] size))))
  total)

(defn run [] (solutions [] 5))
