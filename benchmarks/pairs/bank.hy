;; Records changed by events.
(setv events
  (lfor i (range 80)
    {"account" f"a{(% i 7)}"
     "kind" (if (= 0 (% i 3)) "withdraw" "deposit")
     "amount" (+ 1 (% (* i 37) 50))}))

(defn apply-event [accounts event]
  (setv old (.get accounts (get event "account") {"balance" 0 "moves" 0}))
  (setv change
    (match (get event "kind")
      "deposit" (get event "amount")
      "withdraw" (- (get event "amount"))
      _ 0))
  (setv (get accounts (get event "account"))
    {"balance" (+ (get old "balance") change) "moves" (+ 1 (get old "moves"))})
  accounts)

(defn run []
  (setv accounts {})
  (for [event events]
    (setv accounts (apply-event accounts event)))
  accounts)
