;; Dynamic programming over a vector.
(setv items [#(3 7) #(4 9) #(5 11) #(9 20) #(2 3) #(7 15)])

(defn best [capacity]
  (setv table (* [0] (+ capacity 1)))
  (for [[weight value] items c (range capacity (- weight 1) -1)]
    (setv (get table c) (max (get table c) (+ value (get table (- c weight))))))
  (get table capacity))

(defn run [] (best 60))
