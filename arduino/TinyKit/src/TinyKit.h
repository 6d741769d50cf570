// Everything in this library but nn/, from which a compiled model takes what it needs, and motion
// sensors and cameras, which need a library each. A sketch usually includes only the parts it uses.
#pragma once

#include "FrameDecider.h"
#include "KeywordDecider.h"
#include "LogMel.h"
#include "Microphone.h"
#include "MotionDecider.h"
#include "MotionFeatures.h"
#include "MotionSegmenter.h"
#include "PictureResizer.h"
#include "PixelFormats.h"
#include "RealFft.h"
#include "SampleRing.h"
