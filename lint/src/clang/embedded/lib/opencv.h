// OpenCV core, imgproc, imgcodecs, highgui, videoio, cuda (light). cv::Mat owns pageable host memory.
#pragma once
#pragma clang system_header
#include "std/all.h"

#define CV_8U 0
#define CV_8S 1
#define CV_16U 2
#define CV_16S 3
#define CV_32S 4
#define CV_32F 5
#define CV_64F 6
#define CV_MAKETYPE(depth, channels) ((depth) + (((channels)-1) << 3))
#define CV_8UC1 CV_MAKETYPE(CV_8U, 1)
#define CV_8UC2 CV_MAKETYPE(CV_8U, 2)
#define CV_8UC3 CV_MAKETYPE(CV_8U, 3)
#define CV_8UC4 CV_MAKETYPE(CV_8U, 4)
#define CV_16UC1 CV_MAKETYPE(CV_16U, 1)
#define CV_16SC1 CV_MAKETYPE(CV_16S, 1)
#define CV_32SC1 CV_MAKETYPE(CV_32S, 1)
#define CV_32FC1 CV_MAKETYPE(CV_32F, 1)
#define CV_32FC2 CV_MAKETYPE(CV_32F, 2)
#define CV_32FC3 CV_MAKETYPE(CV_32F, 3)
#define CV_32FC4 CV_MAKETYPE(CV_32F, 4)
#define CV_64FC1 CV_MAKETYPE(CV_64F, 1)
namespace cv {
using String = std::string;
using uchar = unsigned char;
template <class T> using Ptr = std::shared_ptr<T>;
template <class T> struct Point_ {
  T x, y;
  Point_();
  Point_(T x, T y);
  template <class U> Point_(const Point_<U> &other);
};
using Point = Point_<int>;
using Point2i = Point_<int>;
using Point2f = Point_<float>;
using Point2d = Point_<double>;
template <class T> struct Size_ {
  T width, height;
  Size_();
  Size_(T width, T height);
  T area() const;
};
using Size = Size_<int>;
using Size2f = Size_<float>;
template <class T> struct Rect_ {
  T x, y, width, height;
  Rect_();
  Rect_(T x, T y, T width, T height);
  Rect_(const Point_<T> &a, const Point_<T> &b);
  T area() const;
  Point_<T> tl() const;
  Point_<T> br() const;
  Size_<T> size() const;
};
template <class T> Rect_<T> operator&(const Rect_<T> &a, const Rect_<T> &b);
using Rect = Rect_<int>;
using Rect2f = Rect_<float>;
template <class T, int n> struct Vec {
  T val[n];
  Vec();
  template <class... A> Vec(A... values);
  T &operator[](int i);
  const T &operator[](int i) const;
};
using Vec3b = Vec<unsigned char, 3>;
using Vec4b = Vec<unsigned char, 4>;
using Vec3f = Vec<float, 3>;
using Vec4f = Vec<float, 4>;
template <class T> struct Scalar_ : Vec<T, 4> {
  Scalar_();
  Scalar_(T a, T b = 0, T c = 0, T d = 0);
  static Scalar_ all(T value);
};
using Scalar = Scalar_<double>;
struct Range {
  int start, end;
  Range(int start, int end);
  static Range all();
};
class Mat {
public:
  int flags, dims, rows, cols;
  unsigned char *data;
  struct {
    int *p;
    int operator[](int i) const;
    int &operator[](int i);
  } size_;
  size_t step;
  Mat() noexcept;
  Mat(int rows, int cols, int type);
  Mat(Size size, int type);
  Mat(int rows, int cols, int type, const Scalar &value);
  Mat(Size size, int type, const Scalar &value);
  Mat(int rows, int cols, int type, void *data, size_t step = 0);
  Mat(Size size, int type, void *data, size_t step = 0);
  Mat(const Mat &other);
  Mat(Mat &&other);
  Mat(const Mat &other, const Rect &roi);
  ~Mat();
  Mat &operator=(const Mat &other);
  Mat &operator=(Mat &&other);
  Mat &operator=(const Scalar &value);
  Mat operator()(const Rect &roi) const;
  Mat clone() const;
  void copyTo(Mat &to) const;
  void copyTo(Mat &&to) const;
  void convertTo(Mat &to, int type, double alpha = 1, double beta = 0) const;
  Mat reshape(int channels, int rows = 0) const;
  Mat t() const;
  Mat row(int y) const;
  Mat col(int x) const;
  void create(int rows, int cols, int type);
  void create(Size size, int type);
  void release();
  bool empty() const;
  bool isContinuous() const;
  size_t total() const;
  size_t elemSize() const;
  size_t elemSize1() const;
  int type() const;
  int depth() const;
  int channels() const;
  Size size() const;
  unsigned char *ptr(int y = 0);
  const unsigned char *ptr(int y = 0) const;
  template <class T> T *ptr(int y = 0);
  template <class T> const T *ptr(int y = 0) const;
  template <class T> T &at(int y, int x);
  template <class T> T &at(int i);
  template <class T> const T &at(int y, int x) const;
  static Mat zeros(int rows, int cols, int type);
  static Mat zeros(Size size, int type);
  static Mat ones(int rows, int cols, int type);
  static Mat eye(int rows, int cols, int type);
};
template <class T> class Mat_ : public Mat {
public:
  Mat_(int rows, int cols);
  T &operator()(int y, int x);
};
Mat operator+(const Mat &a, const Mat &b);
Mat operator-(const Mat &a, const Mat &b);
Mat operator*(const Mat &a, double b);
Mat operator/(const Mat &a, double b);
using InputArray = const Mat &;
enum ImreadModes { IMREAD_UNCHANGED = -1, IMREAD_GRAYSCALE = 0, IMREAD_COLOR = 1 };
enum ColorConversionCodes { COLOR_BGR2RGB = 4, COLOR_RGB2BGR = 4, COLOR_BGR2GRAY = 6, COLOR_RGB2GRAY = 7, COLOR_GRAY2BGR = 8, COLOR_BGR2HSV = 40, COLOR_BGR2RGBA = 2, COLOR_BGR2BGRA = 0 };
enum InterpolationFlags { INTER_NEAREST, INTER_LINEAR, INTER_CUBIC, INTER_AREA, INTER_LANCZOS4 };
enum BorderTypes { BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT, BORDER_WRAP, BORDER_REFLECT_101, BORDER_DEFAULT = 4 };
enum HersheyFonts { FONT_HERSHEY_SIMPLEX, FONT_HERSHEY_PLAIN };
Mat imread(const String &path, int flags = IMREAD_COLOR);
bool imwrite(const String &path, const Mat &image, const std::vector<int> &options = std::vector<int>());
Mat imdecode(const Mat &buffer, int flags);
void imshow(const String &window, const Mat &image);
void namedWindow(const String &window, int flags = 1);
int waitKey(int delay = 0);
void destroyAllWindows();
void resize(const Mat &from, Mat &to, Size size, double fx = 0, double fy = 0, int interpolation = INTER_LINEAR);
void resize(const Mat &from, Mat &&to, Size size, double fx = 0, double fy = 0, int interpolation = INTER_LINEAR);
void cvtColor(const Mat &from, Mat &to, int code, int channels = 0);
void copyMakeBorder(const Mat &from, Mat &to, int top, int bottom, int left, int right, int type, const Scalar &value = Scalar());
void warpAffine(const Mat &from, Mat &to, const Mat &matrix, Size size, int flags = INTER_LINEAR, int border = BORDER_CONSTANT, const Scalar &value = Scalar());
void GaussianBlur(const Mat &from, Mat &to, Size kernel, double sigma_x, double sigma_y = 0, int border = BORDER_DEFAULT);
void split(const Mat &from, std::vector<Mat> &to);
void merge(const std::vector<Mat> &from, Mat &to);
void normalize(const Mat &from, Mat &to, double alpha = 1, double beta = 0, int type = 4);
void threshold(const Mat &from, Mat &to, double value, double most, int type);
void absdiff(const Mat &a, const Mat &b, Mat &to);
void rectangle(Mat &image, Rect where, const Scalar &color, int thickness = 1, int line = 8, int shift = 0);
void rectangle(Mat &image, Point a, Point b, const Scalar &color, int thickness = 1, int line = 8, int shift = 0);
void circle(Mat &image, Point center, int radius, const Scalar &color, int thickness = 1, int line = 8, int shift = 0);
void line(Mat &image, Point a, Point b, const Scalar &color, int thickness = 1, int type = 8, int shift = 0);
void putText(Mat &image, const String &text, Point at, int font, double scale, Scalar color, int thickness = 1, int line = 8, bool bottom = false);
Size getTextSize(const String &text, int font, double scale, int thickness, int *baseline);
long getTickCount();
double getTickFrequency();
class VideoCapture {
public:
  VideoCapture();
  explicit VideoCapture(const String &path, int api = 0);
  explicit VideoCapture(int index, int api = 0);
  ~VideoCapture();
  bool open(const String &path);
  bool isOpened() const;
  bool read(Mat &frame);
  VideoCapture &operator>>(Mat &frame);
  double get(int property) const;
  bool set(int property, double value);
  void release();
};
class VideoWriter {
public:
  VideoWriter();
  VideoWriter(const String &path, int codec, double fps, Size size, bool color = true);
  ~VideoWriter();
  void write(const Mat &frame);
  void release();
  static int fourcc(char a, char b, char c, char d);
};
namespace cuda {
class Stream {
public:
  Stream();
  void waitForCompletion();
  static Stream &Null();
};
class GpuMat {
public:
  int rows, cols;
  size_t step;
  unsigned char *data;
  GpuMat();
  GpuMat(int rows, int cols, int type);
  explicit GpuMat(const Mat &image);
  ~GpuMat();
  void upload(const Mat &image);
  void upload(const Mat &image, Stream &stream);
  void download(Mat &image) const;
  void download(Mat &image, Stream &stream) const;
  bool empty() const;
  int type() const;
  Size size() const;
  template <class T> T *ptr(int y = 0);
  void release();
};
} // namespace cuda
} // namespace cv
