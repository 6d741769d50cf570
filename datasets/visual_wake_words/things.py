"""What may stand in a place: of each list one is drawn, the likelier the more often it is there.

Each is a function of a random generator; what it makes stands on z = 0 around the origin, its
front towards -y.
"""

from __future__ import annotations

from animals import animal
from furniture import (
    bed,
    chair,
    coat_stand,
    kitchen,
    lamp,
    screen,
    shelf,
    sink,
    sofa,
    table,
    toilet,
)
from lookalikes import mannequin, scarecrow, statue, teddy
from outdoors import aeroplane, bench, boat, building, car, cycle, fence, pole, umbrella
from plants import bush, plant, tree
from wares import small_box, vase

INDOORS = [
    table,
    table,
    chair,
    chair,
    sofa,
    bed,
    shelf,
    shelf,
    lamp,
    plant,
    toilet,
    sink,
    kitchen,
    kitchen,
    screen,
    coat_stand,
    small_box,
    vase,
]
OUTDOORS = [
    tree,
    tree,
    bush,
    bush,
    building,
    car,
    car,
    cycle,
    cycle,
    pole,
    pole,
    bench,
    fence,
    boat,
    umbrella,
    aeroplane,
    plant,
    animal,
]
LOOKALIKES = [
    *(coat_stand, coat_stand, chair, chair, lamp, tree, tree, plant, pole, teddy, teddy),
    *(animal, animal, animal, animal, animal, mannequin, statue, scarecrow),
]
