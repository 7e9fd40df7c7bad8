// OpenGL, GLU, GLUT, GLEW (light), EGL handles, and the CUDA interoperability calls for them.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define __CUDA_GL_INTEROP_H__
#define __gl_h_
#define __GL_H__
#include "cuda/runtime_templates.h"
#include "cuda/driver_api2.h"

typedef unsigned int GLenum;
typedef unsigned int GLbitfield;
typedef unsigned int GLuint;
typedef int GLint;
typedef int GLsizei;
typedef unsigned char GLboolean;
typedef signed char GLbyte;
typedef short GLshort;
typedef unsigned char GLubyte;
typedef unsigned short GLushort;
typedef float GLfloat;
typedef float GLclampf;
typedef double GLdouble;
typedef void GLvoid;
typedef char GLchar;
typedef long GLsizeiptr;
typedef long GLintptr;
typedef char GLcharARB;
typedef unsigned int GLhandleARB;

// constants: distinct values, not the real ones
enum __emb_gl {
#define GL_VERSION 0x1F02
#define GL_EXTENSIONS 0x1F03
#define GL_FALSE 0
#define GL_TRUE 1
#define GL_NO_ERROR 0
  EGL_BLUE_SIZE = 0x1000, EGL_CONFORMANT, EGL_CONSUMER_ACQUIRE_TIMEOUT_USEC_KHR,
  EGL_CONSUMER_LATENCY_USEC_KHR, EGL_CONTEXT_CLIENT_TYPE, EGL_CONTEXT_CLIENT_VERSION, EGL_CUDA_DEVICE_NV,
  EGL_CUDA_EVENT_HANDLE_NV, EGL_DEPTH_SIZE, EGL_EGLEXT_PROTOTYPES, EGL_FALSE, EGL_GL_TEXTURE_2D_KHR,
  EGL_GREEN_SIZE, EGL_IMAGE_PRESERVED_KHR, EGL_NONE, EGL_NO_CONTEXT, EGL_NO_DISPLAY,
  EGL_NO_FILE_DESCRIPTOR_KHR, EGL_NO_IMAGE_KHR, EGL_NO_STREAM_KHR, EGL_NO_SURFACE, EGL_NO_SYNC_KHR,
  EGL_OPENGL_API, EGL_OPENGL_BIT, EGL_OPENGL_ES2_BIT, EGL_OPENGL_ES_API, EGL_OPENVG_API,
  EGL_PLATFORM_DEVICE_EXT, EGL_RED_SIZE, EGL_RENDERABLE_TYPE, EGL_SAMPLES, EGL_SAMPLE_BUFFERS,
  EGL_STREAM_FIFO_LENGTH_KHR, EGL_STREAM_STATE_CONNECTING_KHR, EGL_STREAM_STATE_DISCONNECTED_KHR,
  EGL_STREAM_STATE_KHR, EGL_STREAM_STATE_NEW_FRAME_AVAILABLE_KHR, EGL_SUPPORT_REUSE_NV,
  EGL_SYNC_CUDA_EVENT_NV, EGL_SYNC_FENCE_KHR, EGL_TRUE, GLUT_ACTIVE_CTRL, GLUT_ACTIVE_SHIFT, GLUT_ALPHA,
  GLUT_BITMAP_8_BY_13, GLUT_BITMAP_9_BY_15, GLUT_BITMAP_HELVETICA_12, GLUT_BITMAP_TIMES_ROMAN_24, GLUT_DEPTH,
  GLUT_DOUBLE, GLUT_DOWN, GLUT_KEY_DOWN, GLUT_KEY_END, GLUT_KEY_HOME, GLUT_KEY_LEFT, GLUT_KEY_RIGHT,
  GLUT_KEY_UP, GLUT_LEFT_BUTTON, GLUT_RGB, GLUT_RGBA, GLUT_RIGHT_BUTTON, GLUT_UP, GLUT_WINDOW_HEIGHT,
  GLUT_WINDOW_WIDTH, GL_AMBIENT, GL_ARRAY_BUFFER, GL_BGRA, GL_BLEND, GL_BUFFER_SIZE, GL_CLAMP,
  GL_CLAMP_FRAGMENT_COLOR_ARB, GL_CLAMP_TO_BORDER, GL_CLAMP_TO_EDGE, GL_CLAMP_VERTEX_COLOR_ARB,
  GL_COLOR_ARRAY, GL_COLOR_ATTACHMENT0_EXT, GL_COLOR_ATTACHMENT1_EXT, GL_COLOR_ATTACHMENT2_EXT,
  GL_COLOR_ATTACHMENT3_EXT, GL_COLOR_BUFFER_BIT, GL_COMPILE_STATUS, GL_COORD_REPLACE_ARB, GL_CULL_FACE,
  GL_DEPTH_ATTACHMENT_EXT, GL_DEPTH_BITS, GL_DEPTH_BUFFER_BIT, GL_DEPTH_COMPONENT, GL_DEPTH_COMPONENT24,
  GL_DEPTH_COMPONENT24_ARB, GL_DEPTH_TEST, GL_DEPTH_TEXTURE_MODE, GL_DIFFUSE, GL_DOUBLE, GL_DYNAMIC_COPY,
  GL_DYNAMIC_DRAW, GL_DYNAMIC_DRAW_ARB, GL_ELEMENT_ARRAY_BUFFER, GL_ELEMENT_ARRAY_BUFFER_ARB,
  GL_FILL, GL_FLOAT, GL_FRAGMENT_PROGRAM_ARB, GL_FRAGMENT_SHADER, GL_FRAMEBUFFER,
  GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME_EXT, GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE_EXT,
  GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_3D_ZOFFSET_EXT, GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_CUBE_MAP_FACE_EXT,
  GL_FRAMEBUFFER_ATTACHMENT_TEXTURE_LEVEL_EXT, GL_FRAMEBUFFER_BINDING_EXT, GL_FRAMEBUFFER_COMPLETE_EXT,
  GL_FRAMEBUFFER_EXT, GL_FRAMEBUFFER_INCOMPLETE_ATTACHMENT_EXT, GL_FRAMEBUFFER_INCOMPLETE_DIMENSIONS_EXT,
  GL_FRAMEBUFFER_INCOMPLETE_DRAW_BUFFER_EXT, GL_FRAMEBUFFER_INCOMPLETE_FORMATS_EXT,
  GL_FRAMEBUFFER_INCOMPLETE_MISSING_ATTACHMENT_EXT, GL_FRAMEBUFFER_INCOMPLETE_READ_BUFFER_EXT,
  GL_FRAMEBUFFER_UNSUPPORTED_EXT, GL_FRONT, GL_FRONT_AND_BACK, GL_GENERATE_MIPMAP_SGIS,
  GL_GEOMETRY_INPUT_TYPE_EXT, GL_GEOMETRY_OUTPUT_TYPE_EXT, GL_GEOMETRY_SHADER_EXT,
  GL_GEOMETRY_VERTICES_OUT_EXT, GL_INFO_LOG_LENGTH, GL_INT, GL_INVALID_ENUM, GL_INVALID_FRAMEBUFFER_OPERATION,
  GL_INVALID_OPERATION, GL_INVALID_VALUE, GL_LIGHT0, GL_LIGHTING, GL_LIGHT_MODEL_AMBIENT, GL_LINE, GL_LINEAR,
  GL_LINEAR_MIPMAP_LINEAR, GL_LINES, GL_LINE_LOOP, GL_LINE_STRIP, GL_LINK_STATUS, GL_LUMINANCE,
  GL_LUMINANCE16F_ARB, GL_MAX_COLOR_ATTACHMENTS_EXT, GL_MAX_RENDERBUFFER_SIZE_EXT, GL_MODELVIEW,
  GL_MODELVIEW_MATRIX, GL_NEAREST, GL_NONE, GL_NORMALIZE, GL_NORMAL_ARRAY, GL_ONE, GL_ONE_MINUS_DST_ALPHA,
  GL_ONE_MINUS_DST_COLOR, GL_ONE_MINUS_SRC_ALPHA, GL_ONE_MINUS_SRC_COLOR, GL_OUT_OF_MEMORY, GL_PACK_ALIGNMENT,
  GL_PIXEL_PACK_BUFFER, GL_PIXEL_PACK_BUFFER_ARB, GL_PIXEL_UNPACK_BUFFER, GL_PIXEL_UNPACK_BUFFER_ARB,
  GL_POINTS, GL_POINT_SMOOTH, GL_POINT_SPRITE_ARB, GL_POSITION, GL_PROGRAM_ERROR_POSITION_ARB,
  GL_PROGRAM_ERROR_STRING_ARB, GL_PROGRAM_FORMAT_ASCII_ARB, GL_PROJECTION, GL_PROJECTION_MATRIX, GL_QUADS,
  GL_R32F, GL_READ, GL_READ_ONLY, GL_READ_WRITE, GL_RED, GL_RED_BITS, GL_RENDERBUFFER,
  GL_RENDERBUFFER_BINDING_EXT, GL_RENDERBUFFER_EXT, GL_RENDERER, GL_REPEAT, GL_REPLACE, GL_RGB, GL_RGBA,
  GL_RGBA16F_ARB, GL_RGBA32F, GL_RGBA32F_ARB, GL_RGBA8, GL_RGBA8UI_EXT, GL_RGBA_INTEGER_EXT, GL_SAFE_CALL,
  GL_SAFE_CALL_NO_CLEANUP, GL_SHININESS, GL_SPECULAR, GL_SRC_ALPHA, GL_STACK_OVERFLOW, GL_STACK_UNDERFLOW,
  GL_STATIC_DRAW, GL_STREAM_COPY, GL_STREAM_DRAW, GL_STREAM_DRAW_ARB, GL_STREAM_READ, GL_TEXTURE, GL_TEXTURE0,
  GL_TEXTURE1, GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D, GL_TEXTURE_BORDER_COLOR, GL_TEXTURE_BUFFER_EXT,
  GL_TEXTURE_COORD_ARRAY, GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_TEXTURE_MAG_FILTER,
  GL_TEXTURE_MAX_ANISOTROPY_EXT, GL_TEXTURE_MIN_FILTER, GL_TEXTURE_RECTANGLE_ARB, GL_TEXTURE_TYPE,
  GL_TEXTURE_WRAP_S, GL_TEXTURE_WRAP_T, GL_TRIANGLES, GL_TRIANGLE_STRIP, GL_UNPACK_ALIGNMENT,
  GL_UNSIGNED_BYTE, GL_UNSIGNED_INT, GL_VENDOR, GL_VERSION_1_3, GL_VERTEX_ARRAY, GL_VERTEX_PROGRAM_POINT_SIZE,
  GL_VERTEX_PROGRAM_POINT_SIZE_NV, GL_VERTEX_SHADER, GL_WRITE, GL_WRITE_ONLY, GL_ZERO
};

__EMB_BEGIN_C
void glBufferData(GLenum target, GLsizeiptr size, const void *data, GLenum usage);
void glBufferSubData(GLenum target, GLintptr offset, GLsizeiptr size, const void *data);
GLenum glCheckFramebufferStatus(GLenum target);
GLenum glCheckFramebufferStatusEXT(GLenum target);
GLuint glCreateProgram(void);
GLhandleARB glCreateProgramObjectARB(void);
GLuint glCreateShader(GLenum type);
GLhandleARB glCreateShaderObjectARB(GLenum type);
void glDeleteBuffers(GLsizei n, const GLuint *names);
void glDeleteTextures(GLsizei n, const GLuint *names);
void glGenBuffers(GLsizei n, GLuint *names);
GLuint glGenLists(GLsizei n);
void glGenTextures(GLsizei n, GLuint *names);
void glGenVertexArrays(GLsizei n, GLuint *names);
GLint glGetAttribLocation(GLuint program, const GLchar *name);
void glGetBufferSubData(GLenum target, GLintptr offset, GLsizeiptr size, void *data);
GLenum glGetError(void);
const GLubyte *glGetString(GLenum name);
GLint glGetUniformLocation(GLuint program, const GLchar *name);
GLint glGetUniformLocationARB(GLuint p, const char *n);
GLboolean glIsBuffer(GLuint name);
GLboolean glIsEnabled(GLenum what);
void *glMapBuffer(GLenum target, GLenum access);
void glReadPixels(GLint x, GLint y, GLsizei width, GLsizei height, GLenum format, GLenum type, void *data);
void glTexImage2D(GLenum target, GLint level, GLint format, GLsizei width, GLsizei height, GLint border, GLenum pixel, GLenum type, const void *data);
void glTexSubImage2D(GLenum target, GLint level, GLint x, GLint y, GLsizei width, GLsizei height, GLenum format, GLenum type, const void *data);
GLboolean glUnmapBuffer(GLenum target);
const GLubyte *glewGetErrorString(GLenum code);
GLenum glewInit(void);
GLboolean glewIsSupported(const char *name);
const GLubyte *gluErrorString(GLenum code);
void glutCloseFunc(void (*callback)(void));
int glutCreateMenu(void (*callback)(int));
int glutCreateWindow(const char *title);
void glutDisplayFunc(void (*callback)(void));
int glutGet(GLenum what);
int glutGetModifiers(void);
int glutGetWindow(void);
void glutIdleFunc(void (*callback)(void));
void glutInit(int *argc, char **argv);
void glutKeyboardFunc(void (*callback)(unsigned char, int, int));
void glutKeyboardUpFunc(void (*callback)(unsigned char, int, int));
void glutMotionFunc(void (*callback)(int, int));
void glutMouseFunc(void (*callback)(int, int, int, int));
void glutPassiveMotionFunc(void (*callback)(int, int));
void glutReshapeFunc(void (*callback)(int, int));
void glutSetOption(GLenum what, int value);
void glutSpecialFunc(void (*callback)(int, int, int));
void glutTimerFunc(unsigned int ms, void (*callback)(int), int value);
void glutWMCloseFunc(void (*callback)(void));
void glEnd(void);
void glutMainLoop(void);
// the rest: any arguments
#if defined(__cplusplus)
void glActiveTexture(...);
void glAttachShader(...);
void glBegin(...);
void glBindBuffer(...);
void glBindFragDataLocationEXT(...);
void glBindFramebufferEXT(...);
void glBindProgramARB(...);
void glBindRenderbufferEXT(...);
void glBindTexture(...);
void glBindVertexArray(...);
void glBlendFunc(...);
void glClampColorARB(...);
void glClear(...);
void glClearColor(...);
void glClearColorIuiEXT(...);
void glClientActiveTexture(...);
void glColor3f(...);
void glColor3fv(...);
void glColor4f(...);
void glColorMask(...);
void glColorPointer(...);
void glCompileShader(...);
void glCopyImageSubData(...);
void glDeleteFramebuffersEXT(...);
void glDeleteProgram(...);
void glDeleteProgramsARB(...);
void glDeleteRenderbuffersEXT(...);
void glDeleteShader(...);
void glDepthMask(...);
void glDisable(...);
void glDisableClientState(...);
void glDisableVertexAttribArray(...);
void glDrawArrays(...);
void glDrawElements(...);
void glDrawPixels(...);
void glEnable(...);
void glEnableClientState(...);
void glEnableVertexAttribArray(...);
void glErrorToString(...);
void glFinish(...);
void glFlush(...);
void glFramebufferRenderbufferEXT(...);
void glFramebufferTexture1DEXT(...);
void glFramebufferTexture2DEXT(...);
void glFramebufferTexture3DEXT(...);
void glGenFramebuffersEXT(...);
void glGenProgramsARB(...);
void glGenRenderbuffersEXT(...);
void glGenerateMipmapEXT(...);
void glGetBufferParameteriv(...);
void glGetFloatv(...);
void glGetFramebufferAttachmentParameterivEXT(...);
void glGetIntegerv(...);
void glGetProgramInfoLog(...);
void glGetProgramiv(...);
void glGetShaderInfoLog(...);
void glGetShaderiv(...);
void glLightModelfv(...);
void glLightfv(...);
void glLineWidth(...);
void glLinkProgram(...);
void glLoadIdentity(...);
void glLoadMatrixf(...);
void glMapBufferRange(...);
void glMaterialf(...);
void glMaterialfv(...);
void glMatrixMode(...);
void glNormal3f(...);
void glNormalPointer(...);
void glOrtho(...);
void glPixelStorei(...);
void glPointSize(...);
void glPolygonMode(...);
void glPopMatrix(...);
void glPrint(...);
void glPrintShadowed(...);
void glProgramLocalParameterI4iNV(...);
void glProgramParameteriEXT(...);
void glProgramStringARB(...);
void glPushMatrix(...);
void glRasterPos2f(...);
void glRasterPos2i(...);
void glReadBuffer(...);
void glRectf(...);
void glRenderbufferStorageEXT(...);
void glRotatef(...);
void glScalef(...);
void glSecondaryColor3fv(...);
void glShaderSource(...);
void glTexBufferEXT(...);
void glTexCoord2f(...);
void glTexCoordPointer(...);
void glTexEnvf(...);
void glTexEnvi(...);
void glTexParameterf(...);
void glTexParameterfv(...);
void glTexParameteri(...);
void glTranslatef(...);
void glUniform1f(...);
void glUniform1fv(...);
void glUniform1i(...);
void glUniform2f(...);
void glUniform2fv(...);
void glUniform3f(...);
void glUniform3fv(...);
void glUniform4f(...);
void glUniform4fv(...);
void glUniformMatrix4fv(...);
void glUseProgram(...);
void glVertex2f(...);
void glVertex3dv(...);
void glVertex3f(...);
void glVertex3fv(...);
void glVertexAttribPointer(...);
void glVertexPointer(...);
void glViewport(...);
void glXGetProcAddress(...);
void gluLookAt(...);
void gluPerspective(...);
void glutAddMenuEntry(...);
void glutAttachMenu(...);
void glutBitmapCharacter(...);
void glutClose(...);
void glutDestroyMenu(...);
void glutDestroyWindow(...);
void glutFullScreen(...);
void glutGetMenu(...);
void glutInitDisplayMode(...);
void glutInitWindowPosition(...);
void glutInitWindowSize(...);
void glutPostRedisplay(...);
void glutReportErrors(...);
void glutSetWindowTitle(...);
void glutSolidSphere(...);
void glutSolidTeapot(...);
void glutSwapBuffers(...);
void glutWireCube(...);
#endif
extern void *glutBitmapHelvetica12, *glutBitmapHelvetica18;
__EMB_END_C

// entry points by pointer: any arguments
#if defined(__cplusplus)
typedef void (*PFNGLACTIVETEXTUREPROC)(...);
typedef void (*PFNGLATTACHSHADERPROC)(...);
typedef void (*PFNGLBINDBUFFERPROC)(...);
typedef void (*PFNGLBINDFRAGDATALOCATIONEXTPROC)(...);
typedef void (*PFNGLBINDFRAMEBUFFEREXTPROC)(...);
typedef void (*PFNGLBINDPROGRAMARBPROC)(...);
typedef void (*PFNGLBINDRENDERBUFFEREXTPROC)(...);
typedef void (*PFNGLBUFFERDATAPROC)(...);
typedef void (*PFNGLBUFFERSUBDATAPROC)(...);
typedef void (*PFNGLCHECKFRAMEBUFFERSTATUSEXTPROC)(...);
typedef void (*PFNGLCLAMPCOLORARBPROC)(...);
typedef void (*PFNGLCOMPILESHADERPROC)(...);
typedef void (*PFNGLCREATEPROGRAMPROC)(...);
typedef void (*PFNGLCREATESHADERPROC)(...);
typedef void (*PFNGLDELETEBUFFERSPROC)(...);
typedef void (*PFNGLDELETEFRAMEBUFFERSEXTPROC)(...);
typedef void (*PFNGLDELETEPROGRAMPROC)(...);
typedef void (*PFNGLDELETEPROGRAMSARBPROC)(...);
typedef void (*PFNGLDELETERENDERBUFFERSEXTPROC)(...);
typedef void (*PFNGLDELETESHADERPROC)(...);
typedef void (*PFNGLFRAMEBUFFERRENDERBUFFEREXTPROC)(...);
typedef void (*PFNGLFRAMEBUFFERTEXTURE1DEXTPROC)(...);
typedef void (*PFNGLFRAMEBUFFERTEXTURE2DEXTPROC)(...);
typedef void (*PFNGLFRAMEBUFFERTEXTURE3DEXTPROC)(...);
typedef void (*PFNGLGENBUFFERSPROC)(...);
typedef void (*PFNGLGENERATEMIPMAPEXTPROC)(...);
typedef void (*PFNGLGENFRAMEBUFFERSEXTPROC)(...);
typedef void (*PFNGLGENPROGRAMSARBPROC)(...);
typedef void (*PFNGLGENRENDERBUFFERSEXTPROC)(...);
typedef void (*PFNGLGETBUFFERPARAMETERIVPROC)(...);
typedef void (*PFNGLGETFRAMEBUFFERATTACHMENTPARAMETERIVEXTPROC)(...);
typedef void (*PFNGLGETPROGRAMINFOLOGPROC)(...);
typedef void (*PFNGLGETPROGRAMIVPROC)(...);
typedef void (*PFNGLGETSHADERINFOLOGPROC)(...);
typedef void (*PFNGLGETSHADERIVPROC)(...);
typedef void (*PFNGLGETUNIFORMLOCATIONPROC)(...);
typedef void (*PFNGLLINKPROGRAMPROC)(...);
typedef void (*PFNGLMAPBUFFERPROC)(...);
typedef void (*PFNGLPROGRAMPARAMETERIEXTPROC)(...);
typedef void (*PFNGLPROGRAMSTRINGARBPROC)(...);
typedef void (*PFNGLRENDERBUFFERSTORAGEEXTPROC)(...);
typedef void (*PFNGLSECONDARYCOLOR3FVPROC)(...);
typedef void (*PFNGLSHADERSOURCEPROC)(...);
typedef void (*PFNGLUNIFORM1FPROC)(...);
typedef void (*PFNGLUNIFORM1FVPROC)(...);
typedef void (*PFNGLUNIFORM1IPROC)(...);
typedef void (*PFNGLUNIFORM2FPROC)(...);
typedef void (*PFNGLUNIFORM2FVPROC)(...);
typedef void (*PFNGLUNIFORM3FPROC)(...);
typedef void (*PFNGLUNIFORM3FVPROC)(...);
typedef void (*PFNGLUNIFORM4FPROC)(...);
typedef void (*PFNGLUNIFORM4FVPROC)(...);
typedef void (*PFNGLUNIFORMMATRIX4FVPROC)(...);
typedef void (*PFNGLUNMAPBUFFERPROC)(...);
typedef void (*PFNGLUSEPROGRAMPROC)(...);
#endif

// interoperability with CUDA
enum cudaGLDeviceList { cudaGLDeviceListAll = 1, cudaGLDeviceListCurrentFrame, cudaGLDeviceListNextFrame };
enum cudaGLMapFlags { cudaGLMapFlagsNone, cudaGLMapFlagsReadOnly, cudaGLMapFlagsWriteDiscard };
__EMB_BEGIN_C
cudaError_t cudaGLGetDevices(unsigned int *count, int *devices, unsigned int size, enum cudaGLDeviceList list);
cudaError_t cudaGraphicsGLRegisterImage(struct cudaGraphicsResource **resource, GLuint image, GLenum target, unsigned int flags);
cudaError_t cudaGraphicsGLRegisterBuffer(struct cudaGraphicsResource **resource, GLuint buffer, unsigned int flags);
cudaError_t cudaGLSetGLDevice(int device);
cudaError_t cudaGLRegisterBufferObject(GLuint buffer);
cudaError_t cudaGLUnregisterBufferObject(GLuint buffer);
cudaError_t cudaGLMapBufferObject(void **devPtr, GLuint buffer);
cudaError_t cudaGLUnmapBufferObject(GLuint buffer);
cudaError_t cudaGLMapBufferObjectAsync(void **devPtr, GLuint buffer, cudaStream_t stream);
cudaError_t cudaGLUnmapBufferObjectAsync(GLuint buffer, cudaStream_t stream);
CUresult cuGraphicsGLRegisterBuffer(CUgraphicsResource *resource, GLuint buffer, unsigned int flags);
CUresult cuGraphicsGLRegisterImage(CUgraphicsResource *resource, GLuint image, GLenum target, unsigned int flags);
CUresult cuGLGetDevices(unsigned int *count, CUdevice *devices, unsigned int size, int list);
CUresult cuGLCtxCreate(CUcontext *context, unsigned int flags, CUdevice device);
__EMB_END_C
