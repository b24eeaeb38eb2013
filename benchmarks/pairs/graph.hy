;; Breadth-first search.
(setv graph (dfor i (range 60) i [(% (* i 2) 60) (% (+ (* i 2) 1) 60) (% (+ (* i 2) 31) 60)]))

(defn search [start]
  (setv queue [start])
  (setv seen {start 0})
  (for [node queue]
    (setv far (+ 1 (get seen node)))
    (for [following (get graph node)]
      (when (not-in following seen)
        (setv (get seen following) far)
        (.append queue following))))
  seen)

(defn run [] (sum (gfor start [0 5 17] (sum (.values (search start))))))
