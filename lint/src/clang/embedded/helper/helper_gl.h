// helper_gl.h, param.h, paramgl.h, rendercheck_gl.h of the CUDA samples.
#pragma once
#pragma clang system_header
#include "helper/helper_functions.h"
#include "lib/gl.h"

#define BUFFER_OFFSET(i) ((char *)NULL + (i))
namespace __HelperGL {
int isGLVersionSupported(unsigned reqMajor, unsigned reqMinor);
int areGLExtensionsSupported(const std::string &extensions);
const char *glErrorToString(GLenum err);
bool sdkCheckErrorGL(const char *file, const int line);
} // namespace __HelperGL
using namespace __HelperGL;
#define SDK_CHECK_ERROR_GL() if (false == sdkCheckErrorGL(__FILE__, __LINE__)) { exit(EXIT_FAILURE); }
#define SDK_CHECK_ERROR_GL_NO_EXIT() sdkCheckErrorGL(__FILE__, __LINE__)

class ParamBase {
public:
  explicit ParamBase(const char *name);
  virtual ~ParamBase();
  std::string &GetName();
  virtual float GetFloatValue() = 0;
  virtual int GetIntValue() = 0;
  virtual void Reset() = 0;
  virtual void Increment() = 0;
  virtual void Decrement() = 0;
};
template <class T> class Param : public ParamBase {
public:
  explicit Param(const char *name, T value = 0, T min = 0, T max = 10000, T step = 1, T *ptr = 0);
  ~Param();
  float GetFloatValue() override;
  int GetIntValue() override;
  T GetValue() const;
  void SetValue(const T value);
  void Reset() override;
  void Increment() override;
  void Decrement() override;
};
class ParamList : public ParamBase {
public:
  explicit ParamList(const char *name = "");
  ~ParamList();
  float GetFloatValue() override;
  int GetIntValue() override;
  void AddParam(ParamBase *param);
  ParamBase *GetParam(char *name);
  ParamBase *GetParam(int i);
  ParamBase *GetCurrent();
  int GetSize();
  void ResetAll();
  void Reset() override;
  void Increment() override;
  void Decrement() override;
  std::vector<ParamBase *> m_params;
};
class ParamListGL : public ParamList {
public:
  explicit ParamListGL(const char *name = "");
  void Render(int x, int y, bool shadow = false);
  bool Mouse(int x, int y, int button = 0, int state = 0);
  bool Motion(int x, int y);
  void Special(int key, int x, int y);
  void SetFont(void *font);
  void SetSelectedColor(float r, float g, float b);
  void SetUnSelectedColor(float r, float g, float b);
};
void beginWinCoords(void);
void endWinCoords(void);
void glPrint(int x, int y, const char *s, void *font);
void glPrintShadowed(int x, int y, const char *s, void *font, float *color);

class CheckRender {
public:
  CheckRender(unsigned int width, unsigned int height, unsigned int Bpp, bool bQAReadback, bool bUseFBO, bool bUsePBO);
  virtual ~CheckRender();
  virtual bool checkStatus(const char *zfile, int line, bool silent);
  virtual bool readback(GLuint width, GLuint height);
  virtual bool readback(GLuint width, GLuint height, GLuint buffer);
  virtual void savePGM(const char *name, bool bInvert, void **buffer);
  virtual void savePPM(const char *name, bool bInvert, void **buffer);
  virtual bool PGMvsPGM(const char *src, const char *ref, const float epsilon, const float threshold = 0.0f);
  virtual bool PPMvsPPM(const char *src, const char *ref, const float epsilon, const float threshold = 0.0f);
  void setExecPath(char *path);
  void EnableQAReadback(bool enabled);
  bool IsQAReadback();
  bool IsFBO();
  void setThresholdCompare(float value);
  void dumpBin(void *data, unsigned int bytes, const char *filename);
  bool compareBin2BinUint(const char *src, const char *ref, unsigned int n, const float epsilon, const float threshold);
  bool compareBin2BinFloat(const char *src, const char *ref, unsigned int n, const float epsilon, const float threshold);
  void *imageData();
  void allocateMemory(unsigned int width, unsigned int height, unsigned int Bpp, bool bIsFBO, bool bIsPBO);
  void setPixelFormat(GLenum format);
  int getPixelFormat();
  virtual void bindReadback();
  virtual void unbindReadback();
  virtual void bindFragmentProgram();
  virtual void bindRenderPath();
  virtual void bindTexture();
  virtual void renderQuad(int width, int height, GLenum target);
  unsigned int width();
  unsigned int height();
};
class CheckBackBuffer : public CheckRender {
public:
  CheckBackBuffer(unsigned int width, unsigned int height, unsigned int Bpp, bool bUseOpenGL = true);
};
class CheckFBO : public CheckRender {
public:
  CheckFBO(unsigned int width, unsigned int height, unsigned int Bpp);
};
