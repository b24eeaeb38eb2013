;; Build a string piece by piece.
(defn csv [rows]
  (.join "\n" (lfor row rows (.join "," (lfor cell row f"<{cell}>")))))

(defn caesar [text shift]
  (setv out "")
  (for [c text]
    (+= out (if (= c " ") "_" f"{shift}{c}")))
  out)

(defn run []
  (+ (csv (lfor i (range 40) [i (* i i) f"row {i}"])) (caesar "some text to be encoded" 3)))
