;; pyperformance's nbody: planets attract each other.
(import itertools [combinations])

(setv PI 3.14159265358979323
      SOLAR-MASS (* 4 PI PI)
      YEAR 365.24)

(defn body [place speed mass] #(place (lfor v speed (* v YEAR)) (* mass SOLAR-MASS)))

(setv system
  [(body [0.0 0.0 0.0] [0.0 0.0 0.0] 1.0)
   (body [4.84143144246472090e+00 -1.16032004402742839e+00 -1.03622044471123109e-01]
         [1.66007664274403694e-03 7.69901118419740425e-03 -6.90460016972063023e-05] 9.54791938424326609e-04)
   (body [8.34336671824457987e+00 4.12479856412430479e+00 -4.03523417114321381e-01]
         [-2.76742510726862411e-03 4.99852801234917238e-03 2.30417297573763929e-05] 2.85885980666130812e-04)
   (body [1.28943695621391310e+01 -1.51111514016986312e+01 -2.23307578892655734e-01]
         [2.96460137564761618e-03 2.37847173959480950e-03 -2.96589568540237556e-05] 4.36624404335156298e-05)
   (body [1.53796971148509165e+01 -2.59193146099879641e+01 1.79258772950371181e-01]
         [2.68067772490389322e-03 1.62824170038242295e-03 -9.51592254519715870e-05] 5.15138902046611451e-05)])

(defn advance [dt steps bodies pairs]
  (for [_ (range steps)]
    (for [[[[x1 y1 z1] v1 m1] [[x2 y2 z2] v2 m2]] pairs]
      (setv dx (- x1 x2) dy (- y1 y2) dz (- z1 z2))
      (setv mag (* dt (** (+ (* dx dx) (* dy dy) (* dz dz)) -1.5)))
      (setv to-1 (* m2 mag) to-2 (* m1 mag))
      (-= (get v1 0) (* dx to-1))
      (-= (get v1 1) (* dy to-1))
      (-= (get v1 2) (* dz to-1))
      (+= (get v2 0) (* dx to-2))
      (+= (get v2 1) (* dy to-2))
      (+= (get v2 2) (* dz to-2)))
    (for [[place [vx vy vz] mass] bodies]
      (+= (get place 0) (* dt vx))
      (+= (get place 1) (* dt vy))
      (+= (get place 2) (* dt vz)))))

(defn energy [bodies pairs]
  (setv e 0.0)
  (for [[[[x1 y1 z1] _ m1] [[x2 y2 z2] _ m2]] pairs]
    (setv dx (- x1 x2) dy (- y1 y2) dz (- z1 z2))
    (-= e (/ (* m1 m2) (** (+ (* dx dx) (* dy dy) (* dz dz)) 0.5))))
  (for [[_ [vx vy vz] mass] bodies]
    (+= e (/ (* mass (+ (* vx vx) (* vy vy) (* vz vz))) 2.0)))
  e)

(defn offset-momentum [bodies]
  (setv [px py pz] [0.0 0.0 0.0])
  (for [[_ [vx vy vz] mass] bodies]
    (-= px (* vx mass))
    (-= py (* vy mass))
    (-= pz (* vz mass)))
  (setv [_ speed mass] (get bodies 0))
  (setv (cut speed) [(/ px mass) (/ py mass) (/ pz mass)]))

(defn run []
  (setv bodies (lfor [place speed mass] system #((list place) (list speed) mass)))
  (setv pairs (list (combinations bodies 2)))
  (offset-momentum bodies)
  (advance 0.01 20 bodies pairs)
  (energy bodies pairs))
