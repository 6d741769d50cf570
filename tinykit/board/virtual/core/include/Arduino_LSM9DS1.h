// Motion sensor of the Nano 33 BLE Sense (Rev1).
#pragma once
#include "Imu.h"
