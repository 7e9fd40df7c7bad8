// TensorRT NvInfer.h, NvInferRuntime.h, NvOnnxParser.h, NvInferPlugin.h (light): engines, contexts, plugins.
#pragma once
#pragma clang system_header
#include "std/all.h"
#include "cuda/runtime_templates.h"

#define NV_TENSORRT_MAJOR 8
#define NV_TENSORRT_MINOR 6
#define NV_TENSORRT_PATCH 1
#define NV_TENSORRT_VERSION 8601
#define TRT_NOEXCEPT noexcept
#define TRTAPI
#define TENSORRTAPI
#define REGISTER_TENSORRT_PLUGIN(name) static name __emb_plugin_##name
class cudnnContext;
class cublasContext;
namespace nvinfer1 {
enum class DataType : int { kFLOAT, kHALF, kINT8, kINT32, kBOOL, kUINT8, kFP8, kBF16, kINT64 };
enum class TensorFormat : int { kLINEAR, kNCHW = kLINEAR, kCHW2, kHWC8, kCHW4, kCHW16, kCHW32, kHWC };
using PluginFormat = TensorFormat;
enum class TensorIOMode : int { kNONE, kINPUT, kOUTPUT };
enum class BuilderFlag : int { kFP16, kINT8, kDEBUG, kGPU_FALLBACK, kSTRICT_TYPES, kREFIT, kTF32 };
enum class MemoryPoolType : int { kWORKSPACE };
enum class NetworkDefinitionCreationFlag : int { kEXPLICIT_BATCH, kSTRONGLY_TYPED };
enum class OptProfileSelector : int { kMIN, kOPT, kMAX };
enum class ActivationType : int { kRELU, kSIGMOID, kTANH, kLEAKY_RELU, kELU, kCLIP };
enum class PoolingType : int { kMAX, kAVERAGE };
enum class ElementWiseOperation : int { kSUM, kPROD, kMAX, kMIN, kSUB, kDIV, kPOW };
enum class MatrixOperation : int { kNONE, kTRANSPOSE, kVECTOR };
enum class ReduceOperation : int { kSUM, kPROD, kMAX, kMIN, kAVG };
enum class UnaryOperation : int { kEXP, kLOG, kSQRT, kRECIP, kABS, kNEG };
enum class ScaleMode : int { kUNIFORM, kCHANNEL, kELEMENTWISE };
enum class ResizeMode : int { kNEAREST, kLINEAR };
enum class InterpolationMode : int { kNEAREST, kLINEAR, kCUBIC };
enum class PaddingMode : int { kEXPLICIT_ROUND_DOWN, kEXPLICIT_ROUND_UP, kSAME_UPPER };
enum class CalibrationAlgoType : int { kLEGACY_CALIBRATION, kENTROPY_CALIBRATION, kENTROPY_CALIBRATION_2 };
enum class PluginFieldType : int { kFLOAT16, kFLOAT32, kFLOAT64, kINT8, kINT16, kINT32, kCHAR, kDIMS, kUNKNOWN };
class Dims32 {
public:
  int nbDims;
  int d[8];
};
using Dims = Dims32;
#define __EMB_DIMS(name, ...)        \
  class name : public Dims {         \
  public:                            \
    name();                          \
    name(__VA_ARGS__);               \
  };
__EMB_DIMS(Dims2, int, int)
__EMB_DIMS(DimsHW, int, int)
__EMB_DIMS(Dims3, int, int, int)
__EMB_DIMS(DimsCHW, int, int, int)
__EMB_DIMS(Dims4, int, int, int, int)
__EMB_DIMS(DimsNCHW, int, int, int, int)
using DimsExprs = Dims;
class Weights {
public:
  DataType type;
  const void *values;
  int64_t count;
};
class Permutation {
public:
  int order[8];
};
class ILogger {
public:
  enum class Severity : int { kINTERNAL_ERROR, kERROR, kWARNING, kINFO, kVERBOSE };
  virtual void log(Severity severity, const char *message) noexcept = 0;
  virtual ~ILogger();
};
class IHostMemory {
public:
  virtual ~IHostMemory();
  void *data() const noexcept;
  size_t size() const noexcept;
  void destroy();
};
class ITensor {
public:
  void setName(const char *name);
  const char *getName() const;
  Dims getDimensions() const;
  void setDimensions(Dims dimensions);
  DataType getType() const;
  void setType(DataType type);
};
class ILayer {
public:
  ITensor *getOutput(int index) const;
  ITensor *getInput(int index) const;
  int getNbOutputs() const;
  void setName(const char *name);
  const char *getName() const;
  void setInput(int index, ITensor &tensor);
  void setPrecision(DataType type);
  void setStride(Dims size);
  void setStrideNd(Dims size);
  void setPadding(Dims size);
  void setPaddingNd(Dims size);
  void setPaddingMode(PaddingMode mode);
  void setDilationNd(Dims size);
  void setNbGroups(int count);
  void setReshapeDimensions(Dims size);
  void setFirstTranspose(Permutation order);
  void setSecondTranspose(Permutation order);
  void setAlpha(float value);
  void setBeta(float value);
  void setAxis(int axis);
  void setAxes(unsigned axes);
  void setScales(const float *scales, int count);
  void setResizeMode(InterpolationMode mode);
  void setOutputDimensions(Dims size);
  void setAverageCountExcludesPadding(bool value);
};
using IConvolutionLayer = ILayer;
using IDeconvolutionLayer = ILayer;
using IActivationLayer = ILayer;
using IPoolingLayer = ILayer;
using IScaleLayer = ILayer;
using IElementWiseLayer = ILayer;
using IConcatenationLayer = ILayer;
using IShuffleLayer = ILayer;
using ISliceLayer = ILayer;
using ISoftMaxLayer = ILayer;
using IResizeLayer = ILayer;
using IMatrixMultiplyLayer = ILayer;
using IConstantLayer = ILayer;
using IReduceLayer = ILayer;
using IUnaryLayer = ILayer;
using IFullyConnectedLayer = ILayer;
using IPluginV2Layer = ILayer;
using IIdentityLayer = ILayer;

// plugins
class IExprBuilder;
class IGpuAllocator;
struct PluginTensorDesc {
  Dims dims;
  DataType type;
  TensorFormat format;
  float scale;
};
struct DynamicPluginTensorDesc {
  PluginTensorDesc desc;
  Dims min;
  Dims max;
};
class PluginField {
public:
  const char *name;
  const void *data;
  PluginFieldType type;
  int length;
  PluginField(const char *name = nullptr, const void *data = nullptr, PluginFieldType type = PluginFieldType::kUNKNOWN, int length = 0);
};
struct PluginFieldCollection {
  int nbFields;
  const PluginField *fields;
};
class IPluginV2 {
public:
  virtual ~IPluginV2();
};
class IPluginV2Ext : public IPluginV2 {};
class IPluginV2IOExt : public IPluginV2Ext {};
class IPluginV2DynamicExt : public IPluginV2Ext {};
class IPluginCreator {
public:
  virtual ~IPluginCreator();
  virtual IPluginV2 *createPlugin(const char *name, const PluginFieldCollection *fields) noexcept;
};
class IPluginRegistry {
public:
  IPluginCreator *getPluginCreator(const char *name, const char *version, const char *space = "");
};

// networks and builders
class INetworkDefinition {
public:
  virtual ~INetworkDefinition();
  ITensor *addInput(const char *name, DataType type, Dims size);
  void markOutput(ITensor &tensor);
  ILayer *addConvolutionNd(ITensor &input, int maps, Dims kernel, Weights weights, Weights bias);
  ILayer *addConvolution(ITensor &input, int maps, DimsHW kernel, Weights weights, Weights bias);
  ILayer *addDeconvolutionNd(ITensor &input, int maps, Dims kernel, Weights weights, Weights bias);
  ILayer *addFullyConnected(ITensor &input, int outputs, Weights weights, Weights bias);
  ILayer *addActivation(ITensor &input, ActivationType type);
  ILayer *addPoolingNd(ITensor &input, PoolingType type, Dims window);
  ILayer *addScale(ITensor &input, ScaleMode mode, Weights shift, Weights scale, Weights power);
  ILayer *addSoftMax(ITensor &input);
  ILayer *addConcatenation(ITensor *const *inputs, int count);
  ILayer *addElementWise(ITensor &a, ITensor &b, ElementWiseOperation op);
  ILayer *addUnary(ITensor &input, UnaryOperation op);
  ILayer *addShuffle(ITensor &input);
  ILayer *addSlice(ITensor &input, Dims start, Dims size, Dims stride);
  ILayer *addReduce(ITensor &input, ReduceOperation op, unsigned axes, bool keep);
  ILayer *addConstant(Dims size, Weights weights);
  ILayer *addMatrixMultiply(ITensor &a, MatrixOperation x, ITensor &b, MatrixOperation y);
  ILayer *addResize(ITensor &input);
  ILayer *addIdentity(ITensor &input);
  ILayer *addPluginV2(ITensor *const *inputs, int count, IPluginV2 &plugin);
  int getNbInputs() const;
  int getNbOutputs() const;
  int getNbLayers() const;
  ITensor *getInput(int index) const;
  ITensor *getOutput(int index) const;
  ILayer *getLayer(int index) const;
  void destroy();
};
class IInt8Calibrator {
public:
  virtual ~IInt8Calibrator();
};
class IInt8EntropyCalibrator2 : public IInt8Calibrator {};
class IOptimizationProfile {
public:
  bool setDimensions(const char *name, OptProfileSelector selector, Dims size);
};
class IBuilderConfig {
public:
  virtual ~IBuilderConfig();
  void setMaxWorkspaceSize(size_t size);
  void setMemoryPoolLimit(MemoryPoolType pool, size_t size);
  void setFlag(BuilderFlag flag);
  void setInt8Calibrator(IInt8Calibrator *calibrator);
  int addOptimizationProfile(const IOptimizationProfile *profile);
  void setProfileStream(cudaStream_t stream);
  void destroy();
};
class ICudaEngine;
class IBuilder {
public:
  virtual ~IBuilder();
  INetworkDefinition *createNetworkV2(unsigned flags);
  IBuilderConfig *createBuilderConfig();
  IOptimizationProfile *createOptimizationProfile();
  void setMaxBatchSize(int size);
  bool platformHasFastFp16() const;
  bool platformHasFastInt8() const;
  ICudaEngine *buildEngineWithConfig(INetworkDefinition &network, IBuilderConfig &config);
  IHostMemory *buildSerializedNetwork(INetworkDefinition &network, IBuilderConfig &config);
  void destroy();
};

// engines and contexts: enqueue calls start work on the stream
class IExecutionContext {
public:
  virtual ~IExecutionContext();
  bool enqueue(int batch, void *const *bindings, cudaStream_t stream, cudaEvent_t *consumed);
  bool enqueueV2(void *const *bindings, cudaStream_t stream, cudaEvent_t *consumed);
  bool enqueueV3(cudaStream_t stream);
  bool execute(int batch, void *const *bindings);
  bool executeV2(void *const *bindings);
  bool setTensorAddress(const char *name, void *address);
  bool setInputTensorAddress(const char *name, const void *address);
  const void *getTensorAddress(const char *name) const;
  bool setInputShape(const char *name, const Dims &size);
  bool setBindingDimensions(int index, Dims size);
  Dims getBindingDimensions(int index) const;
  Dims getTensorShape(const char *name) const;
  bool setOptimizationProfileAsync(int index, cudaStream_t stream);
  const ICudaEngine &getEngine() const;
  void destroy();
};
class ICudaEngine {
public:
  virtual ~ICudaEngine();
  IExecutionContext *createExecutionContext();
  IHostMemory *serialize() const;
  int getNbBindings() const;
  int getBindingIndex(const char *name) const;
  const char *getBindingName(int index) const;
  Dims getBindingDimensions(int index) const;
  DataType getBindingDataType(int index) const;
  bool bindingIsInput(int index) const;
  int getNbIOTensors() const;
  const char *getIOTensorName(int index) const;
  TensorIOMode getTensorIOMode(const char *name) const;
  Dims getTensorShape(const char *name) const;
  DataType getTensorDataType(const char *name) const;
  int getMaxBatchSize() const;
  void destroy();
};
class IRuntime {
public:
  virtual ~IRuntime();
  ICudaEngine *deserializeCudaEngine(const void *blob, size_t size);
  ICudaEngine *deserializeCudaEngine(const void *blob, size_t size, void *factory);
  void setDLACore(int core);
  void destroy();
};
IBuilder *createInferBuilder(ILogger &logger);
IRuntime *createInferRuntime(ILogger &logger);
} // namespace nvinfer1
nvinfer1::IPluginRegistry *getPluginRegistry();
bool initLibNvInferPlugins(void *logger, const char *space);
namespace nvonnxparser {
class IParser {
public:
  virtual ~IParser();
  bool parse(const void *model, size_t size, const char *path = nullptr);
  bool parseFromFile(const char *path, int verbosity);
  int getNbErrors() const;
};
IParser *createParser(nvinfer1::INetworkDefinition &network, nvinfer1::ILogger &logger);
} // namespace nvonnxparser
