// With real headers nothing is included into C files: they include what they need.
#pragma once
