// Everything in this library but nn/, from which a compiled model takes what it needs, and the motion
// sensors, which need a library each. A sketch usually includes only the parts it uses.
#pragma once

#include "KeywordDecider.h"
#include "LogMel.h"
#include "Microphone.h"
#include "MotionDecider.h"
#include "MotionFeatures.h"
#include "MotionSegmenter.h"
#include "RealFft.h"
#include "SampleRing.h"
