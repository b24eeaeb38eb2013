;; Group, order and sum up.
(import collections [defaultdict])

(setv rows
  (lfor i (range 100)
    {"city" (get ["Rome" "Oslo" "Lima" "Cairo"] (% i 4)) "sales" (% (* i 31) 97) "year" (+ 2000 (% i 5))}))

(defn report [rows]
  (setv by-city (defaultdict list))
  (for [row rows]
    (.append (get by-city (get row "city")) row))
  (setv found
    (lfor [city sold] (.items by-city)
      {"city" city
       "total" (sum (gfor row sold (get row "sales")))
       "years" (sorted (sfor row sold (get row "year")))}))
  (sorted found :key (fn [r] (- (get r "total")))))

(defn run [] (report rows))
