// Vector types (float4, dim3 …) and the make_ functions, for host and device.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define __VECTOR_TYPES_H__
#define __VECTOR_FUNCTIONS_H__
#include "attributes.h"

struct char1 {
  signed char x;
};
typedef struct char1 char1;
struct __attribute__((aligned(2))) char2 {
  signed char x, y;
};
typedef struct char2 char2;
struct char3 {
  signed char x, y, z;
};
typedef struct char3 char3;
struct __attribute__((aligned(4))) char4 {
  signed char x, y, z, w;
};
typedef struct char4 char4;
struct uchar1 {
  unsigned char x;
};
typedef struct uchar1 uchar1;
struct __attribute__((aligned(2))) uchar2 {
  unsigned char x, y;
};
typedef struct uchar2 uchar2;
struct uchar3 {
  unsigned char x, y, z;
};
typedef struct uchar3 uchar3;
struct __attribute__((aligned(4))) uchar4 {
  unsigned char x, y, z, w;
};
typedef struct uchar4 uchar4;
struct short1 {
  short x;
};
typedef struct short1 short1;
struct __attribute__((aligned(4))) short2 {
  short x, y;
};
typedef struct short2 short2;
struct short3 {
  short x, y, z;
};
typedef struct short3 short3;
struct __attribute__((aligned(8))) short4 {
  short x, y, z, w;
};
typedef struct short4 short4;
struct ushort1 {
  unsigned short x;
};
typedef struct ushort1 ushort1;
struct __attribute__((aligned(4))) ushort2 {
  unsigned short x, y;
};
typedef struct ushort2 ushort2;
struct ushort3 {
  unsigned short x, y, z;
};
typedef struct ushort3 ushort3;
struct __attribute__((aligned(8))) ushort4 {
  unsigned short x, y, z, w;
};
typedef struct ushort4 ushort4;
struct int1 {
  int x;
};
typedef struct int1 int1;
struct __attribute__((aligned(8))) int2 {
  int x, y;
};
typedef struct int2 int2;
struct int3 {
  int x, y, z;
};
typedef struct int3 int3;
struct __attribute__((aligned(16))) int4 {
  int x, y, z, w;
};
typedef struct int4 int4;
struct uint1 {
  unsigned int x;
};
typedef struct uint1 uint1;
struct __attribute__((aligned(8))) uint2 {
  unsigned int x, y;
};
typedef struct uint2 uint2;
struct uint3 {
  unsigned int x, y, z;
};
typedef struct uint3 uint3;
struct __attribute__((aligned(16))) uint4 {
  unsigned int x, y, z, w;
};
typedef struct uint4 uint4;
struct long1 {
  long x;
};
typedef struct long1 long1;
struct __attribute__((aligned(16))) long2 {
  long x, y;
};
typedef struct long2 long2;
struct long3 {
  long x, y, z;
};
typedef struct long3 long3;
struct __attribute__((aligned(16))) long4 {
  long x, y, z, w;
};
typedef struct long4 long4;
struct ulong1 {
  unsigned long x;
};
typedef struct ulong1 ulong1;
struct __attribute__((aligned(16))) ulong2 {
  unsigned long x, y;
};
typedef struct ulong2 ulong2;
struct ulong3 {
  unsigned long x, y, z;
};
typedef struct ulong3 ulong3;
struct __attribute__((aligned(16))) ulong4 {
  unsigned long x, y, z, w;
};
typedef struct ulong4 ulong4;
struct longlong1 {
  long long x;
};
typedef struct longlong1 longlong1;
struct __attribute__((aligned(16))) longlong2 {
  long long x, y;
};
typedef struct longlong2 longlong2;
struct longlong3 {
  long long x, y, z;
};
typedef struct longlong3 longlong3;
struct __attribute__((aligned(16))) longlong4 {
  long long x, y, z, w;
};
typedef struct longlong4 longlong4;
struct ulonglong1 {
  unsigned long long x;
};
typedef struct ulonglong1 ulonglong1;
struct __attribute__((aligned(16))) ulonglong2 {
  unsigned long long x, y;
};
typedef struct ulonglong2 ulonglong2;
struct ulonglong3 {
  unsigned long long x, y, z;
};
typedef struct ulonglong3 ulonglong3;
struct __attribute__((aligned(16))) ulonglong4 {
  unsigned long long x, y, z, w;
};
typedef struct ulonglong4 ulonglong4;
struct float1 {
  float x;
};
typedef struct float1 float1;
struct __attribute__((aligned(8))) float2 {
  float x, y;
};
typedef struct float2 float2;
struct float3 {
  float x, y, z;
};
typedef struct float3 float3;
struct __attribute__((aligned(16))) float4 {
  float x, y, z, w;
};
typedef struct float4 float4;
struct double1 {
  double x;
};
typedef struct double1 double1;
struct __attribute__((aligned(16))) double2 {
  double x, y;
};
typedef struct double2 double2;
struct double3 {
  double x, y, z;
};
typedef struct double3 double3;
struct __attribute__((aligned(16))) double4 {
  double x, y, z, w;
};
typedef struct double4 double4;
typedef struct __attribute__((aligned(16))) {
  double x, y, z, w;
} double4_16a;
typedef struct __attribute__((aligned(32))) {
  double x, y, z, w;
} double4_32a;
typedef struct __attribute__((aligned(16))) {
  long x, y, z, w;
} long4_16a;
typedef struct __attribute__((aligned(32))) {
  long x, y, z, w;
} long4_32a;
typedef struct __attribute__((aligned(16))) {
  unsigned long x, y, z, w;
} ulong4_16a;
typedef struct __attribute__((aligned(32))) {
  unsigned long x, y, z, w;
} ulong4_32a;
typedef struct __attribute__((aligned(16))) {
  long long x, y, z, w;
} longlong4_16a;
typedef struct __attribute__((aligned(32))) {
  long long x, y, z, w;
} longlong4_32a;
typedef struct __attribute__((aligned(16))) {
  unsigned long long x, y, z, w;
} ulonglong4_16a;
typedef struct __attribute__((aligned(32))) {
  unsigned long long x, y, z, w;
} ulonglong4_32a;
struct dim3 {
  unsigned int x, y, z;
#if defined(__cplusplus)
  __EMB_HD constexpr dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1) : x(vx), y(vy), z(vz) {}
  __EMB_HD constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  __EMB_HD constexpr operator uint3() const { return uint3{x, y, z}; }
#endif
};
typedef struct dim3 dim3;

#if defined(__cplusplus)
#define __EMB_MAKE inline __EMB_HD
#else
#define __EMB_MAKE static inline
#endif
__EMB_MAKE struct char1 make_char1(signed char x) {
  struct char1 v = {x};
  return v;
}
__EMB_MAKE struct char2 make_char2(signed char x, signed char y) {
  struct char2 v = {x, y};
  return v;
}
__EMB_MAKE struct char3 make_char3(signed char x, signed char y, signed char z) {
  struct char3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct char4 make_char4(signed char x, signed char y, signed char z, signed char w) {
  struct char4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct uchar1 make_uchar1(unsigned char x) {
  struct uchar1 v = {x};
  return v;
}
__EMB_MAKE struct uchar2 make_uchar2(unsigned char x, unsigned char y) {
  struct uchar2 v = {x, y};
  return v;
}
__EMB_MAKE struct uchar3 make_uchar3(unsigned char x, unsigned char y, unsigned char z) {
  struct uchar3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct uchar4 make_uchar4(unsigned char x, unsigned char y, unsigned char z, unsigned char w) {
  struct uchar4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct short1 make_short1(short x) {
  struct short1 v = {x};
  return v;
}
__EMB_MAKE struct short2 make_short2(short x, short y) {
  struct short2 v = {x, y};
  return v;
}
__EMB_MAKE struct short3 make_short3(short x, short y, short z) {
  struct short3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct short4 make_short4(short x, short y, short z, short w) {
  struct short4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct ushort1 make_ushort1(unsigned short x) {
  struct ushort1 v = {x};
  return v;
}
__EMB_MAKE struct ushort2 make_ushort2(unsigned short x, unsigned short y) {
  struct ushort2 v = {x, y};
  return v;
}
__EMB_MAKE struct ushort3 make_ushort3(unsigned short x, unsigned short y, unsigned short z) {
  struct ushort3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct ushort4 make_ushort4(unsigned short x, unsigned short y, unsigned short z, unsigned short w) {
  struct ushort4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct int1 make_int1(int x) {
  struct int1 v = {x};
  return v;
}
__EMB_MAKE struct int2 make_int2(int x, int y) {
  struct int2 v = {x, y};
  return v;
}
__EMB_MAKE struct int3 make_int3(int x, int y, int z) {
  struct int3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct int4 make_int4(int x, int y, int z, int w) {
  struct int4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct uint1 make_uint1(unsigned int x) {
  struct uint1 v = {x};
  return v;
}
__EMB_MAKE struct uint2 make_uint2(unsigned int x, unsigned int y) {
  struct uint2 v = {x, y};
  return v;
}
__EMB_MAKE struct uint3 make_uint3(unsigned int x, unsigned int y, unsigned int z) {
  struct uint3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct uint4 make_uint4(unsigned int x, unsigned int y, unsigned int z, unsigned int w) {
  struct uint4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct long1 make_long1(long x) {
  struct long1 v = {x};
  return v;
}
__EMB_MAKE struct long2 make_long2(long x, long y) {
  struct long2 v = {x, y};
  return v;
}
__EMB_MAKE struct long3 make_long3(long x, long y, long z) {
  struct long3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct long4 make_long4(long x, long y, long z, long w) {
  struct long4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct ulong1 make_ulong1(unsigned long x) {
  struct ulong1 v = {x};
  return v;
}
__EMB_MAKE struct ulong2 make_ulong2(unsigned long x, unsigned long y) {
  struct ulong2 v = {x, y};
  return v;
}
__EMB_MAKE struct ulong3 make_ulong3(unsigned long x, unsigned long y, unsigned long z) {
  struct ulong3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct ulong4 make_ulong4(unsigned long x, unsigned long y, unsigned long z, unsigned long w) {
  struct ulong4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct longlong1 make_longlong1(long long x) {
  struct longlong1 v = {x};
  return v;
}
__EMB_MAKE struct longlong2 make_longlong2(long long x, long long y) {
  struct longlong2 v = {x, y};
  return v;
}
__EMB_MAKE struct longlong3 make_longlong3(long long x, long long y, long long z) {
  struct longlong3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct longlong4 make_longlong4(long long x, long long y, long long z, long long w) {
  struct longlong4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct ulonglong1 make_ulonglong1(unsigned long long x) {
  struct ulonglong1 v = {x};
  return v;
}
__EMB_MAKE struct ulonglong2 make_ulonglong2(unsigned long long x, unsigned long long y) {
  struct ulonglong2 v = {x, y};
  return v;
}
__EMB_MAKE struct ulonglong3 make_ulonglong3(unsigned long long x, unsigned long long y, unsigned long long z) {
  struct ulonglong3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct ulonglong4 make_ulonglong4(unsigned long long x, unsigned long long y, unsigned long long z, unsigned long long w) {
  struct ulonglong4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct float1 make_float1(float x) {
  struct float1 v = {x};
  return v;
}
__EMB_MAKE struct float2 make_float2(float x, float y) {
  struct float2 v = {x, y};
  return v;
}
__EMB_MAKE struct float3 make_float3(float x, float y, float z) {
  struct float3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct float4 make_float4(float x, float y, float z, float w) {
  struct float4 v = {x, y, z, w};
  return v;
}
__EMB_MAKE struct double1 make_double1(double x) {
  struct double1 v = {x};
  return v;
}
__EMB_MAKE struct double2 make_double2(double x, double y) {
  struct double2 v = {x, y};
  return v;
}
__EMB_MAKE struct double3 make_double3(double x, double y, double z) {
  struct double3 v = {x, y, z};
  return v;
}
__EMB_MAKE struct double4 make_double4(double x, double y, double z, double w) {
  struct double4 v = {x, y, z, w};
  return v;
}
