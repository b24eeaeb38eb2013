;; A search tree of maps.
(defn insert [node key]
  (cond
    (is node None) {"key" key "left" None "right" None}
    (< key (get node "key")) {#** node "left" (insert (get node "left") key)}
    (> key (get node "key")) {#** node "right" (insert (get node "right") key)}
    True node))

(defn walk [node]
  (if (is node None)
    []
    [#* (walk (get node "left")) (get node "key") #* (walk (get node "right"))]))

(defn run []
  (setv root None)
  (for [i (range 40)]
    (setv root (insert root (% (* i 53) 97))))
  (walk root))
