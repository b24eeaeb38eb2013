;; Count words.
(setv text "the quick brown fox jumps over the lazy dog and the dog barks at the quick fox while the sun sets")

(defn tally [words]
  (setv counts {})
  (for [word words]
    (setv (get counts word) (+ 1 (.get counts word 0))))
  counts)

(defn run []
  (setv words (.split (+ text " " text " " text) " "))
  (setv counts (tally words))
  (cut (sorted (.items counts) :key (fn [entry] (- (get entry 1)))) 5))
