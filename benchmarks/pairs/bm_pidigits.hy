;; pyperformance's pidigits: big integers.
(defn compose [a b]
  (setv [aq ar as_ at] a [bq br bs bt] b)
  #((* aq bq)
    (+ (* aq br) (* ar bt))
    (+ (* as_ bq) (* at bs))
    (+ (* as_ br) (* at bt))))

(defn extract [z j]
  (setv [q r s t] z)
  (// (+ (* q j) r) (+ (* s j) t)))

(defn term [k] #(k (+ (* 4 k) 2) 0 (+ (* 2 k) 1)))

(defn digits [n]
  (setv z #(1 0 0 1) k 1 found [])
  (while (< (len found) n)
    (setv y (extract z 3))
    (if (= y (extract z 4))
      (do (setv z (compose #(10 (* -10 y) 0 1) z))
          (.append found y))
      (do (setv z (compose z (term k)))
          (+= k 1))))
  found)

(defn run [] (digits 40))
