// Everything in this library. A sketch usually includes only the parts it uses.
#pragma once

#include "KeywordDecider.h"
#include "LogMel.h"
#include "Microphone.h"
#include "RealFft.h"
#include "SampleRing.h"
