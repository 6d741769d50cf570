// Everything in this library but nn/, from which a compiled model takes what it needs. A sketch
// usually includes only the parts it uses.
#pragma once

#include "KeywordDecider.h"
#include "LogMel.h"
#include "Microphone.h"
#include "RealFft.h"
#include "SampleRing.h"
