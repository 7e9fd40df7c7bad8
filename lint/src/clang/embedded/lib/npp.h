// NPP (light): core, memory and the common image functions on 8 bit, 16 bit and float data; about
// one in fifteen.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define NV_NPPIDEFS_H
#define NV_NPP_H
#include "cuda/runtime_templates.h"

enum NppiInterpolationMode {
  NPPI_INTER_UNDEFINED, NPPI_INTER_NN, NPPI_INTER_LINEAR, NPPI_INTER_CUBIC = 4, NPPI_INTER_CUBIC2P_BSPLINE,
  NPPI_INTER_CUBIC2P_CATMULLROM, NPPI_INTER_CUBIC2P_B05C03, NPPI_INTER_SUPER, NPPI_INTER_LANCZOS = 16,
  NPPI_INTER_LANCZOS3_ADVANCED, NPPI_SMOOTH_EDGE = 134217728
};
typedef enum NppiInterpolationMode NppiInterpolationMode;
enum NppiBayerGridPosition {
  NPPI_BAYER_BGGR,
  NPPI_BAYER_RGGB,
  NPPI_BAYER_GBRG,
  NPPI_BAYER_GRBG
};
typedef enum NppiBayerGridPosition NppiBayerGridPosition;
enum NppiMaskSize {
  NPP_MASK_SIZE_1_X_3, NPP_MASK_SIZE_1_X_5, NPP_MASK_SIZE_3_X_1 = 100, NPP_MASK_SIZE_5_X_1,
  NPP_MASK_SIZE_3_X_3 = 200, NPP_MASK_SIZE_5_X_5, NPP_MASK_SIZE_7_X_7 = 400, NPP_MASK_SIZE_9_X_9 = 500,
  NPP_MASK_SIZE_11_X_11 = 600, NPP_MASK_SIZE_13_X_13 = 700, NPP_MASK_SIZE_15_X_15 = 800
};
typedef enum NppiMaskSize NppiMaskSize;
enum NppiDifferentialKernel {
  NPP_FILTER_SOBEL,
  NPP_FILTER_SCHARR
};
typedef enum NppiDifferentialKernel NppiDifferentialKernel;
enum NppStatus {
  NPP_NOT_SUPPORTED_MODE_ERROR = -9999, NPP_INVALID_HOST_POINTER_ERROR = -1032,
  NPP_INVALID_DEVICE_POINTER_ERROR, NPP_LUT_PALETTE_BITSIZE_ERROR, NPP_ZC_MODE_NOT_SUPPORTED_ERROR = -1028,
  NPP_NOT_SUFFICIENT_COMPUTE_CAPABILITY, NPP_TEXTURE_BIND_ERROR = -1024,
  NPP_WRONG_INTERSECTION_ROI_ERROR = -1020, NPP_HAAR_CLASSIFIER_PIXEL_MATCH_ERROR = -1006, NPP_MEMFREE_ERROR,
  NPP_MEMSET_ERROR, NPP_MEMCPY_ERROR, NPP_ALIGNMENT_ERROR, NPP_CUDA_KERNEL_EXECUTION_ERROR = -1000,
  NPP_STREAM_CTX_ERROR = -215, NPP_ROUND_MODE_NOT_SUPPORTED_ERROR = -213, NPP_QUALITY_INDEX_ERROR = -210,
  NPP_RESIZE_NO_OPERATION_ERROR = -201, NPP_OVERFLOW_ERROR = -109, NPP_NOT_EVEN_STEP_ERROR,
  NPP_HISTOGRAM_NUMBER_OF_LEVELS_ERROR, NPP_LUT_NUMBER_OF_LEVELS_ERROR, NPP_CORRUPTED_DATA_ERROR = -61,
  NPP_CHANNEL_ORDER_ERROR, NPP_ZERO_MASK_VALUE_ERROR, NPP_QUADRANGLE_ERROR, NPP_RECTANGLE_ERROR,
  NPP_COEFFICIENT_ERROR, NPP_NUMBER_OF_CHANNELS_ERROR = -53, NPP_COI_ERROR, NPP_DIVISOR_ERROR,
  NPP_CHANNEL_ERROR = -47, NPP_STRIDE_ERROR = -37, NPP_ANCHOR_ERROR = -34, NPP_MASK_SIZE_ERROR,
  NPP_RESIZE_FACTOR_ERROR = -23, NPP_INTERPOLATION_ERROR, NPP_MIRROR_FLIP_ERROR, NPP_MOMENT_00_ZERO_ERROR,
  NPP_THRESHOLD_NEGATIVE_LEVEL_ERROR, NPP_THRESHOLD_ERROR, NPP_CONTEXT_MATCH_ERROR, NPP_FFT_FLAG_ERROR,
  NPP_FFT_ORDER_ERROR, NPP_STEP_ERROR, NPP_SCALE_RANGE_ERROR, NPP_DATA_TYPE_ERROR, NPP_OUT_OFF_RANGE_ERROR,
  NPP_DIVIDE_BY_ZERO_ERROR, NPP_MEMORY_ALLOCATION_ERR, NPP_NULL_POINTER_ERROR, NPP_RANGE_ERROR, NPP_SIZE_ERROR,
  NPP_BAD_ARGUMENT_ERROR, NPP_NO_MEMORY_ERROR, NPP_NOT_IMPLEMENTED_ERROR, NPP_ERROR, NPP_ERROR_RESERVED,
  NPP_NO_ERROR, NPP_SUCCESS = 0, NPP_NO_OPERATION_WARNING, NPP_DIVIDE_BY_ZERO_WARNING = 6,
  NPP_AFFINE_QUAD_INCORRECT_WARNING = 28, NPP_WRONG_INTERSECTION_ROI_WARNING,
  NPP_WRONG_INTERSECTION_QUAD_WARNING, NPP_DOUBLE_SIZE_WARNING = 35, NPP_MISALIGNED_DST_ROI_WARNING = 10000
};
typedef enum NppStatus NppStatus;
enum NppDataType {
  NPP_8U, NPP_8S, NPP_16U, NPP_16S, NPP_32U, NPP_32S, NPP_64U, NPP_64S, NPP_16F, NPP_32F, NPP_64F
};
typedef enum NppDataType NppDataType;
enum NppiChannels {
  NPP_CH_1, NPP_CH_2, NPP_CH_3, NPP_CH_4, NPP_CH_A4, NPP_CH_P2, NPP_CH_P3, NPP_CH_P4
};
typedef enum NppiChannels NppiChannels;
enum NppiAxis {
  NPP_HORIZONTAL_AXIS,
  NPP_VERTICAL_AXIS,
  NPP_BOTH_AXIS
};
typedef enum NppiAxis NppiAxis;
enum NppCmpOp {
  NPP_CMP_LESS,
  NPP_CMP_LESS_EQ,
  NPP_CMP_EQ,
  NPP_CMP_GREATER_EQ,
  NPP_CMP_GREATER
};
typedef enum NppCmpOp NppCmpOp;
enum NppRoundMode {
  NPP_RND_NEAR,
  NPP_ROUND_NEAREST_TIES_TO_EVEN = 0,
  NPP_RND_FINANCIAL,
  NPP_ROUND_NEAREST_TIES_AWAY_FROM_ZERO = 1,
  NPP_RND_ZERO,
  NPP_ROUND_TOWARD_ZERO = 2
};
typedef enum NppRoundMode NppRoundMode;
enum NppiBorderType {
  NPP_BORDER_UNDEFINED,
  NPP_BORDER_NONE = 0,
  NPP_BORDER_CONSTANT,
  NPP_BORDER_REPLICATE,
  NPP_BORDER_WRAP,
  NPP_BORDER_MIRROR
};
typedef enum NppiBorderType NppiBorderType;
enum NppHintAlgorithm {
  NPP_ALG_HINT_NONE,
  NPP_ALG_HINT_FAST,
  NPP_ALG_HINT_ACCURATE
};
typedef enum NppHintAlgorithm NppHintAlgorithm;
enum NppiAlphaOp {
  NPPI_OP_ALPHA_OVER, NPPI_OP_ALPHA_IN, NPPI_OP_ALPHA_OUT, NPPI_OP_ALPHA_ATOP, NPPI_OP_ALPHA_XOR,
  NPPI_OP_ALPHA_PLUS, NPPI_OP_ALPHA_OVER_PREMUL, NPPI_OP_ALPHA_IN_PREMUL, NPPI_OP_ALPHA_OUT_PREMUL,
  NPPI_OP_ALPHA_ATOP_PREMUL, NPPI_OP_ALPHA_XOR_PREMUL, NPPI_OP_ALPHA_PLUS_PREMUL, NPPI_OP_ALPHA_PREMUL
};
typedef enum NppiAlphaOp NppiAlphaOp;
enum NppsZCType {
  nppZCR,
  nppZCXor,
  nppZCC
};
typedef enum NppsZCType NppsZCType;
enum NppiHuffmanTableType {
  nppiDCTable,
  nppiACTable
};
typedef enum NppiHuffmanTableType NppiHuffmanTableType;
enum NppiNorm {
  nppiNormInf,
  nppiNormL1,
  nppiNormL2
};
typedef enum NppiNorm NppiNorm;
enum NppiWatershedSegmentBoundaryType {
  NPP_WATERSHED_SEGMENT_BOUNDARIES_NONE,
  NPP_WATERSHED_SEGMENT_BOUNDARIES_BLACK,
  NPP_WATERSHED_SEGMENT_BOUNDARIES_WHITE,
  NPP_WATERSHED_SEGMENT_BOUNDARIES_CONTRAST,
  NPP_WATERSHED_SEGMENT_BOUNDARIES_ONLY
};
typedef enum NppiWatershedSegmentBoundaryType NppiWatershedSegmentBoundaryType;
struct Npp16f {
  short fp16;
};
typedef struct Npp16f Npp16f;
struct Npp16f_2 {
  short fp16_0;
  short fp16_1;
};
typedef struct Npp16f_2 Npp16f_2;
struct NppLibraryVersion {
  int major;
  int minor;
  int build;
};
typedef struct NppLibraryVersion NppLibraryVersion;
typedef unsigned char Npp8u;
typedef signed char Npp8s;
typedef unsigned short Npp16u;
typedef short Npp16s;
typedef unsigned int Npp32u;
typedef int Npp32s;
typedef unsigned long long Npp64u;
typedef long long Npp64s;
typedef float Npp32f;
typedef double Npp64f;
struct Npp8uc {
  Npp8u re;
  Npp8u im;
};
typedef struct Npp8uc Npp8uc;
struct Npp16uc {
  Npp16u re;
  Npp16u im;
};
typedef struct Npp16uc Npp16uc;
struct Npp16sc {
  Npp16s re;
  Npp16s im;
};
typedef struct Npp16sc Npp16sc;
struct Npp32uc {
  Npp32u re;
  Npp32u im;
};
typedef struct Npp32uc Npp32uc;
struct Npp32sc {
  Npp32s re;
  Npp32s im;
};
typedef struct Npp32sc Npp32sc;
struct Npp32fc {
  Npp32f re;
  Npp32f im;
};
typedef struct Npp32fc Npp32fc;
struct Npp64sc {
  Npp64s re;
  Npp64s im;
};
typedef struct Npp64sc Npp64sc;
struct Npp64fc {
  Npp64f re;
  Npp64f im;
};
typedef struct Npp64fc Npp64fc;
struct NppiPoint {
  int x;
  int y;
};
typedef struct NppiPoint NppiPoint;
struct NppiPoint32f {
  Npp32f x;
  Npp32f y;
};
typedef struct NppiPoint32f NppiPoint32f;
struct NppiPoint64f {
  Npp64f x;
  Npp64f y;
};
typedef struct NppiPoint64f NppiPoint64f;
struct NppPointPolar {
  Npp32f rho;
  Npp32f theta;
};
typedef struct NppPointPolar NppPointPolar;
struct NppiSize {
  int width;
  int height;
};
typedef struct NppiSize NppiSize;
struct NppiRect {
  int x;
  int y;
  int width;
  int height;
};
typedef struct NppiRect NppiRect;
struct NppiHOGConfig {
  int cellSize;
  int histogramBlockSize;
  int nHistogramBins;
  NppiSize detectionWindowSize;
};
typedef struct NppiHOGConfig NppiHOGConfig;
struct NppiHaarClassifier_32f {
  int numClassifiers;
  Npp32s *classifiers;
  size_t classifierStep;
  NppiSize classifierSize;
  Npp32s *counterDevice;
};
typedef struct NppiHaarClassifier_32f NppiHaarClassifier_32f;
struct NppiHaarBuffer {
  int haarBufferSize;
  Npp32s *haarBuffer;
};
typedef struct NppiHaarBuffer NppiHaarBuffer;
struct NppiConnectedRegion {
  NppiRect oBoundingBox;
  Npp32u nConnectedPixelCount;
  Npp32u aSeedPixelValue[3];
};
typedef struct NppiConnectedRegion NppiConnectedRegion;
struct NppiImageDescriptor {
  void *pData;
  int nStep;
  NppiSize oSize;
};
typedef struct NppiImageDescriptor NppiImageDescriptor;
struct NppiBufferDescriptor {
  void *pData;
  int nBufferSize;
};
typedef struct NppiBufferDescriptor NppiBufferDescriptor;
struct NppiCompressedMarkerLabelsInfo {
  Npp32u nMarkerLabelPixelCount;
  Npp32u nContourPixelCount;
  Npp32u nContourPixelsFound;
  NppiPoint oContourFirstPixelLocation;
  NppiRect oMarkerLabelBoundingBox;
};
typedef struct NppiCompressedMarkerLabelsInfo NppiCompressedMarkerLabelsInfo;
struct NppiContourBlockSegment {
  Npp32u nMarkerLabelID;
  Npp32u nContourPixelCount;
  Npp32u nContourStartingPixelOffset;
  Npp32u nSegmentNum;
};
typedef struct NppiContourBlockSegment NppiContourBlockSegment;
struct NppiContourPixelGeometryInfo {
  NppiPoint oContourOrderedGeometryLocation;
  NppiPoint oContourPrevPixelLocation;
  NppiPoint oContourCenterPixelLocation;
  NppiPoint oContourNextPixelLocation;
  Npp32s nOrderIndex;
  Npp32s nReverseOrderIndex;
  Npp32u nFirstIndex;
  Npp32u nLastIndex;
  Npp32u nNextContourPixelIndex;
  Npp32u nPrevContourPixelIndex;
  Npp8u nPixelAlreadyUsed;
  Npp8u nAlreadyLinked;
  Npp8u nAlreadyOutput;
  Npp8u nContourInteriorDirection;
};
typedef struct NppiContourPixelGeometryInfo NppiContourPixelGeometryInfo;
struct NppiContourPixelDirectionInfo {
  Npp32u nMarkerLabelID;
  Npp8u nContourDirectionCenterPixel;
  Npp8u nContourInteriorDirectionCenterPixel;
  Npp8u nConnected;
  Npp8u nGeometryInfoIsValid;
  NppiContourPixelGeometryInfo oContourPixelGeometryInfo;
  NppiPoint nEast1;
  NppiPoint nNorthEast1;
  NppiPoint nNorth1;
  NppiPoint nNorthWest1;
  NppiPoint nWest1;
  NppiPoint nSouthWest1;
  NppiPoint nSouth1;
  NppiPoint nSouthEast1;
  Npp8u nTest1EastConnected;
  Npp8u nTest1NorthEastConnected;
  Npp8u nTest1NorthConnected;
  Npp8u nTest1NorthWestConnected;
  Npp8u nTest1WestConnected;
  Npp8u nTest1SouthWestConnected;
  Npp8u nTest1SouthConnected;
  Npp8u nTest1SouthEastConnected;
};
typedef struct NppiContourPixelDirectionInfo NppiContourPixelDirectionInfo;
struct NppiContourTotalsInfo {
  Npp32u nTotalImagePixelContourCount;
  Npp32u nLongestImageContourPixelCount;
};
typedef struct NppiContourTotalsInfo NppiContourTotalsInfo;
struct NppStreamContext {
  cudaStream_t hStream;
  int nCudaDeviceId;
  int nMultiProcessorCount;
  int nMaxThreadsPerMultiProcessor;
  int nMaxThreadsPerBlock;
  size_t nSharedMemPerBlock;
  int nCudaDevAttrComputeCapabilityMajor;
  int nCudaDevAttrComputeCapabilityMinor;
  unsigned int nStreamFlags;
  int nReserved0;
};
typedef struct NppStreamContext NppStreamContext;
struct NppiResizeBatchCXR {
  const void *pSrc;
  int nSrcStep;
  void *pDst;
  int nDstStep;
};
typedef struct NppiResizeBatchCXR NppiResizeBatchCXR;
struct NppiResizeBatchROI_Advanced {
  NppiRect oSrcRectROI;
  NppiRect oDstRectROI;
};
typedef struct NppiResizeBatchROI_Advanced NppiResizeBatchROI_Advanced;
struct NppiMirrorBatchCXR {
  const void *pSrc;
  int nSrcStep;
  void *pDst;
  int nDstStep;
};
typedef struct NppiMirrorBatchCXR NppiMirrorBatchCXR;
struct NppiWarpAffineBatchCXR {
  const void *pSrc;
  int nSrcStep;
  void *pDst;
  int nDstStep;
  Npp64f *pCoeffs;
  Npp64f aTransformedCoeffs[2][3];
};
typedef struct NppiWarpAffineBatchCXR NppiWarpAffineBatchCXR;
struct NppiWarpPerspectiveBatchCXR {
  const void *pSrc;
  int nSrcStep;
  void *pDst;
  int nDstStep;
  Npp64f *pCoeffs;
  Npp64f aTransformedCoeffs[3][3];
};
typedef struct NppiWarpPerspectiveBatchCXR NppiWarpPerspectiveBatchCXR;
struct NppiColorTwistBatchCXR {
  const void *pSrc;
  int nSrcStep;
  void *pDst;
  int nDstStep;
  Npp32f *pTwist;
};
typedef struct NppiColorTwistBatchCXR NppiColorTwistBatchCXR;
struct NppiProfileData {
  int nPixels;
  Npp32f nMeanIntensity;
  Npp32f nStdDevIntensity;
};
typedef struct NppiProfileData NppiProfileData;
