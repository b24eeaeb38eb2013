;; Nested data, from and to JSON.
(import json collections [Counter])

(setv text
  (json.dumps
    {"users" (lfor i (range 25) {"name" f"u{i}" "age" (+ 20 (% (* i 7) 50)) "tags" ["a" f"t{(% i 3)}"]})}))

(defn summary [data]
  (setv users (get data "users"))
  (setv old (lfor u users :if (> (get u "age") 40) u))
  {"count" (len users)
   "old" (lfor u old (get u "name"))
   "tags" (dict (Counter (gfor u users tag (get u "tags") tag)))})

(defn run [] (summary (json.loads text)))
