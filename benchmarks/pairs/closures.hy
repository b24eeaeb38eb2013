;; Functions that make functions.
(defn adder [n] (fn [x] (+ x n)))
(defn compose [f g] (fn [x] (f (g x))))
(defn twice [f] (compose f f))

(defn run []
  (setv step (twice (compose (adder 3) (adder -1))))
  (setv x 0)
  (for [_ (range 200)]
    (setv x (step x)))
  x)
