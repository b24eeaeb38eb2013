"""What a program gives or raises, and where, is the same at every level of optimization."""

# ruff: noqa: E501  # a program is one line

from __future__ import annotations

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import readable
from rtfsc.driver import evaluate
from rtfsc.options import Options

PROGRAMS = {
    "chain": "(reduce + 0 (map (fn [x] (* x x)) (filter even? (range 10))))",
    "chain over a list": "(map inc (remove even? (list 1 2 3)))",
    "chain over a string": '(map (fn [c] (str c "!")) (remove (fn [c] (= c "b")) "abc"))',
    "filter of a string": '(map inc (filter even? "abc"))',
    "remove keeps a list": "(remove even? (list 1 2 3))",
    "remove keeps a string": '(remove (fn [c] (= c "b")) "abc")',
    "count of remove of a string": '(count (remove (fn [c] (= c "b")) "abcb"))',
    "set": "(map inc (filter odd? (set [1 2 3 1])))",
    "first failure of the first stage": '(map (fn [x] (+ x "a")) (filter (fn [x] (< x 2)) [1 :b]))',
    "failure of the last stage": '(map (fn [x] (+ x "a")) (filter (fn [x] (< x 2)) [1 2]))',
    "no function": "(map 5 [1])",
    "no function and no items": "(map 5 [])",
    "no collection": "(map (fn [x] x) 5)",
    "wrong count": "(map (fn [a b] a) [1])",
    "mapcat": "(mapcat (fn [x] [x (* 2 x)]) (filter odd? [1 2 3]))",
    "mapcat of no sequence": "(mapcat (fn [x] x) [[1] 2])",
    "keep": "(keep (fn [m] (:a m)) [{:a 1} {} {:a false}])",
    "every stops": "(every? (fn [x] (< x 2)) [1 3 :no])",
    "every fails": "(every? (fn [x] (< x 2)) [1 :no])",
    "some of a chain": "(some? even? (map (fn [x] (/ 1 x)) [1 0]))",
    "writes stay in order": '(do (map println (map (fn [x] (println "f" x) x) [1 2])) 1)',
    "reduce with a step that throws": "(reduce (fn [a x] (if (> x 1) (throw {:at x}) (+ a x))) 0 [1 2 3])",
    "caught in a stage": "(map (fn [x] (try (/ 1 x) (catch DivisionByZero e :none))) [1 0])",
    "range of no integers": "(map inc (range 1.5))",
    "range with a step": "(map (fn [x] (* x 2)) (range 10 0 -3))",
    "for": "(for [x (range 3) y [x (* x x)]] [x y])",
    "and, or": "(let [f (fn [a b] (if (and (not (nil? a)) (or (> a 1) b)) :y :n))] [(f nil 1) (f 1 nil) (f 1 2) (f 2 nil)])",
    "value of and": "[(and 1 nil 3) (and 1 2) (or nil false) (or nil 4) (and)]",
    "constant that fails": '(if (< 1 2) (- 5 "x") 0)',
    "unused that fails": "(let [a (/ 1 0)] 3)",
    "argument that fails first": '(let [f (fn [a b] 1)] (f (/ 1 0) (+ 1 "x")))',
    "argument once": "(defn twice [x] (+ x x)) (twice (do (println 1) 2))",
    "function given to a function": "(defn twice [f x] (f (f x))) (defn run [k] (twice (fn [x] (+ x k)) 1)) [(run 3) (twice inc 1) (twice :a {:a {:a 2}}) (twice {1 2 2 3} 1)]",
    "given function that fails": "(defn each [f xs]\n  (if (empty? xs) [] (cons (f (first xs)) (each f (rest xs)))))\n(defn inverse [x]\n  (/ 1 x))\n(defn run [k xs]\n  (each (fn [x]\n    (/ k x)) xs))\n[(each inverse [1 2]) (run 3 [1 0])]",
    "given function of a wrong count": "(defn each [f xs]\n  (map (fn [x]\n    (f x 1)) xs))\n(each (fn [x] x) [1])",
    "made functions": "(defn f [x y] (- x y)) (defn g [k xs] [(map (partial f k) xs) (map (comp str (partial f 1) inc) xs) (filter (complement odd?) xs) (map (constantly k) xs) (every? (comp pos? (fn [x] (- x k))) xs)]) (g 3 [4 5])",
    "made functions that fail": "(defn f [x]\n  (/ 1 x))\n(defn g [xs]\n  (map (comp inc f) xs))\n(g [1 0])",
    "made functions of a wrong count": "(defn f [x y] x)\n(defn g [xs]\n  (map (partial f 1 2) xs))\n(g [1 0])",
    "made of builtins that fail": "(defn g [xs]\n  (map (comp inc\n    (partial + 1)) xs))\n(g [1 :a])",
    "made functions given": "(defn each [f xs] (if (empty? xs) [] (cons (f (first xs)) (each f (rest xs))))) (defn g [k xs] (each (comp (partial + k) (fn [x] (* x k))) xs)) (g 2 [1 2])",
    "made of a local used once": "(defn g [xs] (let [h (fn [x] (+ x 1))] (map (comp inc (fn [x] (h x))) xs))) (g [1 2])",
    "given builtin of a wrong count": "(defn both [f x]\n  (f x 2 3))\n[(both + 1) (both inc 1)]",
    "given functions that grow": "(defn f [g n] (if (> n 0) (f (fn [x] (g (g x))) (- n 1)) (g 1))) (f (fn [x] (+ x 1)) 6)",
    "given function that is kept": "(defn f [g] [(= g g) (g 1)]) (f (fn [x] x))",
    "given function that changes a scope": "(defn f [g n] (+ (g n) (g n))) (defn run [] (def k 1) (f (fn [x] (+ x k)) 1)) (run)",
    "local function used often": "(defn run [k] (let [f (fn [x] (if (> x k) [x] k))] [(f 1) (f 5) (map f [1 9]) (let [k 7] (f k))])) (run 3)",
    "inlined that fails": "(defn half [n] (/ n 0)) (defn f [n]\n  (half n))\n(f 4)",
    "undefined yet": "(defn f [] (g)) (try (f) (catch Exception e :undefined)) (defn g [] 1) (f)",
    "undefined yet in a loop": "(defn f [] (map g [1])) (f) (defn g [x] 1)",
    "undefined twin": "(defn f [] (g 3)) (f) (defn g [n] (if (= n 0) 0 (g (- n 1))))",
    "undefined filler": "(defn f [] (loop [i 0 v []] (if (< i 2) (recur (+ i 1) (g v i)) v))) (f) (defn g [v i] (conj v i))",
    "filler": "(defn g [v i] (if (> i 0) (conj v i) v)) (defn f [] (loop [i 0 v []] (if (< i 3) (recur (+ i 1) (g v i)) v))) (f)",
    "recursive filler": "(defn g [v i] (if (> i 0) (g (conj v i) (- i 1)) v)) (defn f [] (loop [i 0 v []] (if (< i 3) (recur (+ i 1) (g v i)) v))) (f)",
    "filler that fails": "(defn g [v i] (conj v (/ 6 i)))\n(defn f [] (loop [i 2 v []] (if (> i -2) (recur (- i 1) (g v i)) v)))\n(f)",
    "filler that keeps": "(defn g [v i] (if (= i 2) [v] (conj v i))) (defn f [] (loop [i 0 v []] (if (< i 4) (recur (+ i 1) (g v i)) v))) (f)",
    "step of a map that fails after a change": "(defn move [m {:keys [a b n]}]\n  (-> m (update a - n) (update b + n)))\n(defn f [m xs]\n  (reduce move m xs))\n(f {0 5 1 5} [{:a 0 :b 1 :n 2} {:a 1 :b 9 :n 1}])",
    "step of a map that is caught": "(defn move [m {:keys [a b n]}] (-> m (update a - n) (update b + n))) (defn f [m xs] (try (reduce move m xs) (catch TypeError e m))) [(f {0 5 1 5} [{:a 0 :b 1 :n 2} {:a 1 :b 0 :n 1}]) (f {0 5 1 5} [{:a 0 :b 1 :n 2} {:a 1 :b 9 :n 1}])]",
    "start of a step of maps stays": "(defn put [m k] (assoc m k (+ 1 (get m k 0)))) (defn f [m] [(reduce put m [1 2 1]) m]) [(f {1 1}) (f {})]",
    "step that starts fresh and fails": "(defn put [m k]\n  (assoc m k (/ 6 (- k 3))))\n(defn f [xs]\n  (reduce put {} xs))\n(f [1 2 3 4])",
    "step that takes its map apart": "(defn add [{:keys [n sum] :as all} x] (if (> x 0) (assoc all :n (inc n) :sum (+ sum x)) all)) (defn f [xs] (reduce add {:n 0 :sum 0} xs)) [(f [1 -2 3]) (f [])]",
    "step that takes its map apart and fails": "(defn add [{:keys [n sum] :as all} x]\n  (assoc all :n (inc n) :sum (+ sum x)))\n(defn f [xs]\n  (reduce add {:n 0} xs))\n(f [1 2])",
    "step that keeps what it took apart": "(defn add [{:keys [n] :as all} x] (assoc all :n (inc n) :was (assoc all :x x))) (defn f [xs] (reduce add {:n 0} xs)) (f [1 2])",
    "step that writes": "(defn put [m k] (println k) (assoc m k 1)) (defn f [m xs] (reduce put m xs)) (f {} [1 2 nil])",
    "chain over indexed items": "(defn f [u] [(reduce + 0 (map-indexed (fn [j x] (* j x)) u)) (mapcat (fn [x] [x x]) (map-indexed + u)) (keep (fn [x] (if (> x 2) x nil)) (map-indexed (fn [i x] (+ i x)) u))]) [(f [1 2 3]) (f (list 3 4)) (f [])]",
    "chain over an indexed string": '(reduce str "" (map-indexed str "añb"))',
    "chain over indexed items that fails": '(defn f [u]\n  (reduce + 0 (map-indexed (fn [j x]\n    (* j x)) u)))\n(f [1 2 "x"])',
    "chain before indexed items": "(reduce + 0 (map inc (map-indexed (fn [j x] (* j x)) (filter odd? [1 2 3]))))",
    "indexed items of no sequence": "(reduce + 0 (map-indexed (fn [j x] x) 5))",
    "indexed items alone": '(defn f [u] (map-indexed (fn [i x] [x i]) u)) [(f [1 2]) (f (list 3 4)) (f "añ") (f (set [4 5])) (f []) (f (vec (range 100))) (map-indexed + (range 3)) (remove odd? (range 5)) (map-indexed (fn [i x] (* i x)) (map inc (range 4))) (map-indexed (fn [i x] (map-indexed (fn [j y] (+ i j y)) x)) [[1 2] (list 3)])]',
    "indexed items that fail": '(defn f [u] (map-indexed (fn [i x] (do (println i) (inc x))) u))\n[(f (list 1))\n (f [1 "a" 2])]',
    "indexed items of nil": "(map-indexed (fn [i x] x) nil)",
    "items up to one": '(defn f [u] (take-while (fn [x] (> x 2)) u)) [(f [5 3 1 9]) (f (list 3 1)) (f []) (f (set [4 1])) (f (vec (range 9 -100 -1))) (take-while (fn [x] (< x 3)) (range 10)) (take-while (fn [c] (= c "a")) "aab") (take-while even? (range 1)) (map inc (take-while odd? (map inc [0 2 3]))) (take-while nil? [nil nil])]',
    "items up to one that fails": '(defn f [u] (take-while (fn [x]\n  (> x 2)) u))\n[(f [3 1 "a"])\n (f [3 "a" 1])]',
    "items up to one of no sequence": "(take-while odd? {:a 1})",
    "items up to one in others": "(defn f [u] (map (fn [x] (take-while (fn [y] (< y x)) u)) u)) [(f [1 2 3]) (count (take-while odd? [1 3 4])) (reduce + 0 (take-while odd? [1 3 4 5])) (mapcat (fn [x] (take-while (fn [y] (< y x)) (range 5))) [1 3])]",
    "different indexed items": '(defn f [u] [(count (set (map-indexed (fn [i x] (+ x i)) u))) (count (distinct (map-indexed (fn [i x] (- x i)) u)))]) [(f [3 2 1]) (f (list 1 2 3)) (f [1 0.0]) (count (set (map (fn [x] (str x)) [1 2 1]))) (count (set [])) (count (distinct [1 nil :a 1]))]',
    "indexed with a function that is named": "(defn g [j x] (- x j)) (defn f [u] (map inc (map-indexed g u))) [(f [5 6]) (map-indexed g [1 2])]",
    "call right behind a lookup": "((fn [x :int] x) (and (step-parallel 0 nil) (get {:a {:b 1} :c nil} :c)))",
    "counts up": "(defn f [a b] (loop [i a s 0] (if (< i b) (recur (+ i 2) (+ s i)) s))) [(f 1 9) (f 9 1) (f 1 1)]",
    "counts through": "(defn f [a b] (loop [i a s []] (if (> i b) s (recur (inc i) (conj s i))))) [(f 1 4) (f 4 1) (f 1 1)]",
    "counts down": "(defn f [a b] (loop [i a s []] (if (>= i b) (recur (dec i) (conj s i)) s))) [(f 4 1) (f 1 4) (f 1 1)]",
    "counts by a step": "(defn f [a b c] (loop [i a s []] (if (< i b) (recur (+ i c) (conj s i)) s))) [(f 1 9 3) (f 9 1 -1)]",
    "counts the other way, and leaves": "(loop [i 5 s []] (cond (= (count s) 3) s (< i 9) (recur (- i 1) (conj s i)) :else :no))",
    "counters at the end": "(defn f [n] [(loop [i 0] (if (< i n) (recur (+ i 3)) i)) (loop [i 9] (if (>= i n) (recur (- i 2)) i)) (loop [i 1 s 0] (if (> i n) [i s] (recur (inc i) (+ s i))))]) (defn g [] (map f [0 1 5 8 9 12])) (g)",
    "counter at the end": "(defn f [n] (loop [i 0] (if (< i n) (recur (+ i 1)) i))) (f 4)",
    "counter that is captured": "(map (fn [f] (f)) (loop [i 0 s []] (if (< i 3) (recur (+ i 1) (conj s (fn [] i))) s)))",
    "start that defines": "(let [v [1 2]] (loop [i 0 n (+ ((do (def k 0) (fn [x] (+ x k))) 7) 1)] (if (< i 2) (recur (+ i 1) (+ n (nth v i))) (+ n i))))",
    "start that fails": '(loop [i (+ 1 "a") s (/ 1 0)] (if (< i 3) (recur (+ i 1) s) s))',
    "end that is no number": '(loop [i 0] (if (< i "a") (recur (+ i 1)) 1))',
    "inner loop over what stays": "(defn f [x] (loop [i 0 s []] (if (< i 3) (recur (+ i 1) (conj s (loop [y x k 0] (if (< k 2) (recur (* y 2) (+ k 1)) y)))) s))) (f 1)",
    "text": '(defn f [a b] (str a b)) [(f "a" "b") (f 1 "b") (f nil [1]) (f :k 2.5) (f (pow 10 50) "x") (str "a" 1 :b nil) (str 1 2)]',
    "entries by place": "[(into {} (map (fn [p] [(str p) p]) (map-indexed (fn [i x] (+ i x)) [1 2 4]))) (into {} (map (fn [x] [x x]) (mapcat (fn [x] [x (+ 1 x)]) (map-indexed + [1 5]))))]",
    "stack": "(defn f [n] (loop [stack [0] out []] (if (empty? stack) out (let [x (last stack) stack (vec (butlast stack))] (if (< x n) (recur (conj stack (+ x 2) (+ x 3)) (conj out x)) (recur stack (conj out (- x))))))) ) [(f 0) (f 5) (f 9)]",
    "stack that is popped before it is read": "(loop [stack [1 2 3] top nil n 0] (if (= n 4) [stack top] (recur (vec (butlast stack)) (last stack) (+ n 1))))",
    "stack that is read before it is popped": "(loop [top nil stack [1 2 3] n 0] (if (= n 2) [stack top] (recur (last stack) (vec (butlast stack)) (+ n 1))))",
    "stack that is kept": "(loop [stack [1 2 3] old [] n 0] (if (= n 3) [stack old] (recur (butlast (conj stack n)) (conj old stack) (+ n 1))))",
    "stack of more than it pops": "(loop [stack [] n 0] (if (= n 3) (conj stack :end) (recur (butlast (butlast (conj stack n (+ n 1) (+ n 2)))) (+ n 1))))",
    "queue": "(loop [queue [[1]] out []] (if (empty? queue) out (let [p (first queue) x (last p)] (recur (into (vec (rest queue)) (if (< x 4) [(conj p (* x 2)) (conj p (+ x 3))] [])) (conj out p)))))",
    "queue that runs dry": "(loop [queue [1] n 0] (if (= n 3) [queue n] (recur (rest queue) (+ n 1))))",
    "queue whose rest is kept": "(loop [queue [1 2 3] seen [] n 0] (if (= n 5) [queue seen] (let [more (rest queue)] (recur (conj more n) (conj seen (count more) (count queue)) (+ n 1)))))",
    "queue in a function": "(defn turn [q x] (conj (rest q) x)) (loop [q [1 2 3] n 0] (if (= n 4) q (recur (turn q (* n n)) (+ n 1))))",
    "stack of records": "(loop [s [{:a 1}] n 0] (if (= n 6) s (recur (if (even? n) (conj s {:a n}) (assoc-in (vec (butlast s)) [0 :a] n)) (+ n 1))))",
    "queue of vectors": "(loop [q [[1] [2]] n 0] (if (= n 5) q (recur (conj (vec (rest (update q 0 conj n))) [n]) (+ n 1))))",
    "stack that fails": '(try (loop [s [1 2] n 0] (if (= n 3) s (recur (vec (butlast (conj s (+ n (if (= n 2) "x" 1))))) (+ n 1)))) (catch e (:message e)))',
    "places in texts": '(defn f [t p] [(index-of t p) (last-index-of t p)]) [(f "abcabc" "c") (f "abc" "z") (f "abc" "") (f [1 2 1] 1) (f (list 1 "b") "b") (try (f "abc" 1) (catch e (:message e)))]',
    "text in a loop": '(reduce (fn [s x] (str s x "-")) "" [1 "a" :b nil 2.0 [1]])',
    "set that grows": "(loop [i 0 s (set [])] (if (< i 9) (recur (+ i 1) (conj s (mod (* i i) 5))) s))",
    "set of anything": "(loop [i 0 s (set [1 2])] (if (< i 6) (recur (+ i 1) (conj s (nth [1 1.0 true [1] nil :k] i))) [s (count s)]))",
    "set that is asked": "(loop [i 0 s (set []) n 0] (if (< i 9) (let [x (mod i 4)] (recur (+ i 1) (conj s x) (if (contains? s x) (+ n 1) n))) [n s]))",
    "set that is asked for a float": "(loop [i 0 s (set []) n 0] (if (< i 3) (recur (+ i 1) (conj s i) (if (contains? s 1.0) (+ n 1) n)) n))",
    "set of a constant": "(def c (set [9])) (loop [i 0 s c] (if (< i 2) (recur (+ i 1) (conj s i)) [c s]))",
    "quotients": "(defn f [a b] (/ a b)) [(f 6 3) (f 7 2) (f 6.0 3) (f -6 3) (f (pow 10 400) (pow 10 398)) (f 0 5)]",
    "quotient by zero": "(defn f [a b] (/ a b)) (f 6 0)",
    "quotient by zero, float": "(defn f [a b] (/ a b)) (f 6.5 0.0)",
    "map patterns": "(defn f [{:keys [a b] :or {b 9}}] [a b]) [(f {:a 1}) (f {:a 1 :b nil}) (f {})]",
    "map pattern of no map": "(defn f [{:keys [a]}] a) (f 5)",
    "shadowed": "(defn f [x] (* x 2)) (let [f inc] (map f [1 2]))",
    "numbers": "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) [(fib 12) (fib 3.5)]",
    "no numbers": '(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib "a")',
    "numbers or not": '(defn f [a b] (if (> a 0) (f (- a 1) b) b)) [(f 3 "x") (f 2.5 nil)]',
    "twin that knows a sign": "(defn f [n] (if (= (mod n 3) 0) [n (quot n 2) (nth [1 2 3 4 5 6 7] n -1)] (f (+ n 1)))) (defn run [] (let [g (get {:f f} :f)] [(f 1) (f 4) (map g [-5 -1 0 2]) (try (g :x) (catch TypeError e :no))])) (run)",
    "twin through a global's name": '(defn f [n] (if (= n 0) 0 (f (- n 1)))) (f 3) (update {:a 1} :a "#known f")',
    "collatz": "(defn c [n k] (if (= n 1) k (c (if (even? n) (/ n 2) (+ 1 (* 3 n))) (+ k 1)))) (c 27 0)",
    "big": "(defn f [n acc] (if (= n 0) acc (f (- n 1) (* n acc)))) (f 30 1)",
    "overflow": "(defn f [x n] (if (= n 0) x (f (* x 10.0) (- n 1)))) (f (pow 10 400) 1)",
    "tally": '(reduce (fn [m w] (assoc m w (+ 1 (get m w 0)))) {} ["a" "b" "a"])',
    "tally of no keys": "(reduce (fn [m w] (assoc m w 1)) {} [1.5])",
    "conj": "(loop [i 0 out []] (if (< i 5) (recur (+ i 1) (if (even? i) (conj out i (* i i)) out)) out))",
    "older versions kept": "(loop [i 0 out [] all []] (if (< i 3) (recur (+ i 1) (conj out i) (conj all out)) all))",
    "captured": "(map (fn [f] (f)) (loop [i 0 out []] (if (< i 3) (recur (+ i 1) (conj out (fn [] (count out)))) out)))",
    "captured item": "(map (fn [f] (f)) (map (fn [x] (fn [] x)) [1 2 3]))",
    "read after": "(loop [i 0 out []] (if (< i 3) (recur (+ i 1) (conj (conj out i) (count out))) out))",
    "read before": "(loop [i 0 out []] (if (< i 3) (recur (+ i 1) (conj out (count out))) out))",
    "read by the next argument": "(loop [out [] n 0] (if (< n 5) (recur (conj out n) (+ 1 (count out))) out))",
    "index": "(loop [i 0 v (vec (range 4))] (if (< i 4) (recur (+ i 1) (assoc v i (* 2 (nth v i)))) v))",
    "index out of range": "(loop [i 0 v [1 2]] (if (< i 4) (recur (+ i 1) (assoc v i 0)) v))",
    "negative index": "(loop [i 0 v [1 2]] (if (< i 4) (recur (+ i 1) (assoc v -1 0)) v))",
    "nth out of range": "(loop [i 0 v []] (if (< i 4) (recur (+ i 1) (conj v (nth v i))) v))",
    "no index": '(loop [i 0 v [1 2]] (if (< i 4) (recur (+ i 1) (assoc v "a" 0)) v))',
    "original untouched": "(let [v [1 2 3] w (loop [i 0 x v] (if (< i 3) (recur (+ i 1) (assoc x i 0)) x))] [v w])",
    "constant untouched": "(defn f [] (loop [i 0 m {:a 1}] (if (< i 2) (recur (+ i 1) (assoc m i i)) m))) [(f) (f)]",
    "caught inside": "(loop [i 0 m {}] (if (< i 3) (recur (+ i 1) (try (assoc m i (/ 1 (- i 1))) (catch Exception e m))) m))",
    "two ends": "(loop [i 0 out []] (cond (> i 5) out (= (count out) 3) [:full out] :else (recur (+ i 1) (conj out i))))",
    "into": "(loop [q [0] i 0] (if (< i 3) (recur (into q (map inc q)) (+ i 1)) q))",
    "concat": '(defn f [i xs] (reduce (fn [a x] (concat a x)) i xs)) [(f [] [[1] "ab" 3 nil]) (f [1] []) (f nil [[1]]) (f "x" []) (f (list 1) [[2]]) (f (vec (range 70)) [[1]])]',
    "concat of itself": "(loop [i 0 v [1]] (if (< i 4) (recur (inc i) (concat v [i] (take 1 v))) v))",
    "concat of several": '(loop [i 0 v []] (if (< i 4) (recur (inc i) (if (even? i) (conj v i) (concat v [i i] "z"))) v))',
    "concat that fails": "(loop [i 0 v []] (if (< i 4) (recur (inc i) (concat v [i] [(/ 6 (- 2 i))])) v))",
    "concat in a recursion": "(defn flat [x] (if (vector? x) (reduce (fn [a y] (concat a (flat y))) [] x) [x])) (flat [1 [2 [3]] [] [[4]]])",
    "into of a map": "(loop [q [] i 0] (if (< i 2) (recur (into q {:a i}) (+ i 1)) q))",
    "fold of entries": "(defn f [m] (reduce-kv (fn [a k v] (assoc a v (+ (count (name k)) v))) {} m)) [(f {:a 1 :bc 2}) (f {})]",
    "fold of entries that fails": "(defn f [m] (reduce-kv (fn [a k v] (+ a v)) 0 m)) (f {:a 1 :b :c})",
    "fold of no entries": "(defn f [m] (reduce-kv (fn [a k v] (+ a v)) (do (println 1) 0) (do (println 2) m))) (f [[:a 1]])",
    "fold of entries by its name": "(defn f [a k v] (conj a [k v])) [(reduce-kv f [] {:a 1}) (reduce-kv assoc {:b 2} {:a 1}) (try (reduce-kv f [] nil) (catch e (:message e)))]",
    "values changed": '(defn f [m] (update-vals m (fn [v] (if (nil? v) 0 (* 2 v))))) [(f {:a 1 "b" 2.5 3 nil}) (f {}) (update-vals {:a {:n 1}} :n) (update-vals {:a 1} inc)]',
    "values of no map": "(defn f [m] (update-vals m (fn [v] (println v) (inc v)))) (f (do (println 1) nil))",
    "nested": "(loop [i 0 m {}] (if (< i 3) (recur (+ i 1) (reduce (fn [m k] (assoc m [i k] 1)) m [1 2])) m))",
    "nested map": "(loop [i 0 m {}] (if (< i 3) (recur (+ i 1) (reduce (fn [m k] (assoc m (+ (* 10 i) k) i)) m [1 2])) m))",
    "swapped": "(loop [i 0 a [] b []] (if (< i 4) (recur (+ i 1) (conj b i) a) [a b]))",
    "whole quotients": "(defn f [a] (/ a 2.0)) (map f [4 5 -4.0 0 -0.0 1.0e300 9007199254740994.0 36028797018963968 18446744073709551616.0 ##Inf ##NaN])",
    "quotient of floats": "(defn f [a b] (if (float? a) (if (float? b) (/ a b) 0) 1)) [(f 4.0 2.0) (f 3.0 2.0) (f 1.0e300 2.0) (try (f 1.0 0.0) (catch e (:kind e)))]",
    "match": "(map (fn [x] (match x [:a n] n [:b n m] (+ n m) {:k v} v _ :none)) [[:a 1] [:b 1 2] {:k 3} 4 [:a]])",
    "match by a key": '(defn f [m] (match m {:t :a :x x} x {:t "b"} :b {:t nil} :nil {:t 1 :as m} m {:t true :y [p q]} [q p] {:k v} v [a] a _ :none)) (map f [{:t :a :x 1} {:t :a} {:t "b"} {:t nil} {:t 1} {:t 1.0} {:t true :y [1 2]} {:t true :k 4} {:k 3} {} nil [7] 5 "x" (try (throw {:t :a}) (catch e e)) (try (+ 1 :a) (catch e (:details e)))])',
    "match of an error by a key": '(defn f [m] (match m {:kind "TypeError"} 1 {:kind "ApplicationError" :message t} t {:kind 3} 3 _ :none)) [(f (try (throw {:t :a}) (catch e e))) (f (try (+ 1 :a) (catch e e))) (f {:kind 3})]',
    "match by a key and none": '(defn f [m] (match m {:t :a} 1 {:t :b} 2)) (f {:t :c})',
    "scopes": "(let [a 1 f (fn [x] (+ x a)) g (fn [x] (f (f x)))] (map g [1 2]))",
    "recursive local": "(let [down (fn [n] (if (= n 0) [] (conj (down (- n 1)) n)))] (down 3))",
    "finally": "(reduce (fn [a x] (try (+ a x) (finally (println x)))) 0 [1 2])",
    "symbol in a loop": "(loop [i 0] (if (> i 3) i (recur (* i 'a))))",
    "recursion through a chain that fails": "(defn total [node] (+ (:value node) (reduce + 0 (map (fn [c] (total c)) (:children node))))) (defn make [n] (if (= n 0) {:value :no :children []} {:value 1 :children [(make (dec n))]})) (total (make 200))",
    "mutual recursion that fails": "(defn f [n] (+ 1 (if (= n 0) (/ 1 n) (g (- n 1))))) (defn g [n] (* 2 (f n))) (defn h [n] (inc (g n))) (h 200)",
    "recursion through a filled loop that fails": "(defn put [m k v] (assoc m k v)) (defn walk [n] (reduce (fn [m k] (put m k (if (= n 0) (/ 1 n) (walk (- n 1))))) {} [1 2])) (walk 200)",
    "recursion in a recursion": "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (defn run [k] (fib k)) [(run 0) (run 1) (run 2) (run 9) (fib 4)]",
    "recursion in a recursion that fails": "(defn f [n]\n  (if (= n 0)\n    (/ 1 n)\n    (+ 1 (f (- n 1)))))\n(defn run [k] [(f k)])\n[(try (run 4) (catch e (:kind e))) (run 5)]",
    "recursion through a match": "(defn size [e] (match e [:pair a b] (+ (size a) (size b)) [:box a] (inc (size a)) _ 1)) (defn run [] (size [:pair [:box :x] [:pair 1 [:box [:box 2]]]])) (run)",
    "deep": "(defn f [n] (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 5000)",
    "too deep": "(defn f [n] (+ 1 (f (+ n 1)))) (try (f 0) (catch StackOverflow e :deep))",
}  # fmt: skip


def outcome(source: str, level: int) -> tuple[str, object]:
    try:
        return "value", readable(evaluate(source, options=Options(level=level, verify=True)))
    except RtfsError as error:
        trace = error.__traceback__
        places = []
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<text>":
                places.append(list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2])
            trace = trace.tb_next
        return error.kind, (error.message, places[-1])


@pytest.mark.parametrize("name", PROGRAMS)
def test_levels_agree(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    source = PROGRAMS[name]
    wanted = outcome(source, 0)
    printed = capsys.readouterr().out
    for level in (1, 2):
        assert outcome(source, level) == wanted
        assert capsys.readouterr().out == printed


def test_programs_show_both_ends() -> None:
    ends = [outcome(source, 0)[0] for source in PROGRAMS.values()]
    assert ends.count("value") > 30
    assert len(set(ends)) > 6
