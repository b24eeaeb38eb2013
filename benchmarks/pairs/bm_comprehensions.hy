;; pyperformance's comprehensions: select and order records.
(setv widgets
  (lfor [id [creator kind [knob spinner]]]
        (enumerate (lfor creator (range 3)
                         kind ["big" "small"]
                         marks [[True True] [True False] [False True] [False False]]
                         [creator kind marks]))
        {"id" id "creator" creator "derived" (list (range 0 id (+ creator 1)))
         "kind" kind "knob" knob "spinner" spinner}))

(defn big-spinny? [w] (and (= (get w "kind") "big") (get w "spinner")))

(defn tray [owner widgets]
  (setv shown (lfor w widgets :if (not (big-spinny? w)) w))
  (setv by-id (dfor w shown (get w "id") w))
  (setv keys
    (lfor w shown
      :setv derived (lfor id (get w "derived") (.get by-id id))
      #((= (get w "creator") owner)
        (any (gfor d derived (and d (get d "knob"))))
        (len derived)
        (get w "id"))))
  (lfor key (sorted keys) (get by-id (get key -1))))

(defn run [] (lfor w (tray 1 widgets) (get w "id")))
