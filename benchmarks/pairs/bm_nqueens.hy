;; pyperformance's nqueens: try all permutations.
(defn permutations [items]
  (if items
    (lfor item items
          others (permutations (lfor other items :if (!= other item) other))
          [item #* others])
    [[]]))

(defn peaceful? [vec]
  (setv n (len vec))
  (= n
     (len (sfor [i c] (enumerate vec) (+ c i)))
     (len (sfor [i c] (enumerate vec) (- c i)))))

(defn n-queens [n] (lfor vec (permutations (list (range n))) :if (peaceful? vec) vec))

(defn run [] (n-queens 5))
