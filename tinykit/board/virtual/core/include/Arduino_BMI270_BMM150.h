// Motion sensor of the Nano 33 BLE Sense Rev2.
#pragma once
#include "Imu.h"
