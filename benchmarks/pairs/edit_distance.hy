;; Dynamic programming over rows.
(defn next-row [row a b i]
  (setv out [(+ i 1)])
  (for [j (range (len b))]
    (setv change (if (= (get a i) (get b j)) 0 1))
    (.append out (min (+ 1 (get out j)) (+ 1 (get row (+ j 1))) (+ change (get row j)))))
  out)

(defn distance [a b]
  (setv row (list (range (+ 1 (len b)))))
  (for [i (range (len a))]
    (setv row (next-row row a b i)))
  (get row -1))

(defn run [] (distance "the quick brown fox" "that quiet brown dog"))
