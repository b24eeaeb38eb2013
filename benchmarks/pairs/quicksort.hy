;; Sorting by hand.
(setv numbers (lfor i (range 150) (% (* i 7919) 1009)))

(defn quicksort [xs]
  (when (< (len xs) 2)
    (return xs))
  (setv pivot (get xs 0) others (cut xs 1 None))
  [#* (quicksort (lfor x others :if (< x pivot) x))
   pivot
   #* (quicksort (lfor x others :if (>= x pivot) x))])

(defn run [] (quicksort numbers))
