// Stand-in for the library's main header: it only makes the others findable.
#pragma once
