// Stand-in for the driver of the Nicla Vision's sensor.
#pragma once

#include "camera.h"

class GC2145 : public ImageSensor {};
