;; A matching interpreter of expressions.
(defn evaluate [node env]
  (match node
    ["num" n] n
    ["var" name] (get env name)
    ["add" a b] (+ (evaluate a env) (evaluate b env))
    ["mul" a b] (* (evaluate a env) (evaluate b env))
    ["let" name value body] (evaluate body {#** env name (evaluate value env)})
    ["if" test yes no] (if (= 0 (evaluate test env)) (evaluate no env) (evaluate yes env))
    _ 0))

(setv program
  #("let" "x" #("num" 7)
    #("let" "y" #("add" #("var" "x") #("num" 3))
      #("if" #("add" #("var" "x") #("mul" #("num" -1) #("var" "x")))
        #("num" 1)
        #("mul" #("add" #("var" "x") #("var" "y")) #("mul" #("var" "y") #("num" 2)))))))

(defn run [] (sum (gfor _ (range 20) (evaluate program {}))))
