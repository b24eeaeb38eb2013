;; Parse and evaluate arithmetic, character by character.
(defn digit? [c] (<= "0" c "9"))

(defn tokens [text]
  (setv i 0 number None out [])
  (while (< i (len text))
    (setv c (get text i))
    (cond
      (digit? c) (do (setv number (+ (* 10 (or number 0)) (int c)))
                     (+= i 1))
      (is number None) (do (when (!= c " ") (.append out c))
                           (+= i 1))
      True (do (.append out number)
               (setv number None))))
  (when (is-not number None)
    (.append out number))
  out)

(defn product [ts at]
  (setv value (get ts at))
  (+= at 1)
  (while (and (< at (len ts)) (= (get ts at) "*"))
    (*= value (get ts (+ at 1)))
    (+= at 2))
  #(value at))

(defn total [ts]
  (setv [value at] (product ts 0))
  (while (< at (len ts))
    (setv [more at] (product ts (+ at 1)))
    (+= value more))
  value)

(defn run [] (total (tokens "12 * 3 + 4 * 5 * 6 + 700 + 8 * 9 + 10 * 11 * 12 + 13")))
