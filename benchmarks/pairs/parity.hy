;; Functions that call each other.
(defn even-steps [n] (if (= n 0) True (odd-steps (- n 1))))
(defn odd-steps [n] (if (= n 0) False (even-steps (- n 1))))
(defn run [] (even-steps 400))
