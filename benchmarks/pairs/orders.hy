;; Records through a pipeline.
(setv orders
  (lfor i (range 120)
    {"id" i
     "state" (if (= 0 (% i 3)) "open" "paid")
     "lines" (lfor k (range (% i 4)) {"qty" (+ k 1) "price" (* 1.5 (+ i k))})}))

(defn total [order]
  (sum (gfor line (get order "lines") (* (get line "qty") (get line "price")))))

(defn run []
  (setv rows
    (lfor order orders :if (= (get order "state") "paid") {"id" (get order "id") "total" (total order)}))
  (lfor row rows :if (> (get row "total") 50) {#** row "big" True}))
