//! Forms that a misuse takes, and their near twins: functions of one line mostly, of which one rule reports the lines
//! that are marked `// wrong`, and no others. What other rules say of them is left out.

mod project;

use project::Project;

/// Compares what a rule reports with the marks.
fn marked(rule: &str, options: &[&str], text: &str) {
    marked_in("a.cu", rule, options, text);
}

/// The same in a file of another name.
fn marked_in(file: &str, rule: &str, options: &[&str], text: &str) {
    let project = Project::new(&[(file, text)]);
    let all = ["--min-confidence", "possible", "--min-severity", "info", "."];
    let mut found = project.found(&[options, &all].concat());
    let suffix = format!(" {rule}");
    found.retain(|line| line.ends_with(&suffix));
    found.dedup();
    let numbered = text.lines().zip(1..);
    let wrong = numbered.filter(|(line, _)| line.ends_with("// wrong"));
    let wrong: Vec<String> = wrong.map(|(_, number)| format!("{file}:{number} {rule}")).collect();
    assert_eq!(found, wrong, "{text}");
}

#[test]
fn device_memory_by_whatever_name() {
    marked(
        "host-deref-device-pointer",
        &[],
        r#"#include <cuda_runtime.h>
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <vector>
#include <iostream>
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <thrust/copy.h>
__global__ void k(int *p) { p[threadIdx.x] += 1; }
__global__ void k3(cudaPitchedPtr p) { ((int*)p.ptr)[threadIdx.x] += 1; }
int bad1() { cudaPitchedPtr q; cudaMalloc3D(&q, make_cudaExtent(4,4,4)); int v = *(int*)q.ptr; cudaFree(q.ptr); return v; } // wrong
void bad2() { cudaPitchedPtr q; cudaMalloc3D(&q, make_cudaExtent(4,4,4)); memset(q.ptr, 0, q.pitch); cudaFree(q.ptr); } // wrong
struct V { cudaPitchedPtr vol; };
int bad3() { V v; cudaMalloc3D(&v.vol, make_cudaExtent(4,4,4)); char *row = (char*)v.vol.ptr + v.vol.pitch; int x = row[0]; cudaFree(v.vol.ptr); return x; } // wrong
void bad4() { char *p; cudaMalloc(&p, 40); cudaMemset(p,0,40); printf("v %d %s\n", 3, p); cudaFree(p); } // wrong
void bad5() { char *p; cudaMalloc(&p, 40); cudaMemset(p,0,40); char b[99]; snprintf(b, 99, "%s", p); puts(b); cudaFree(p); } // wrong
int bad6() { thrust::device_vector<int> d(10); int *p = thrust::raw_pointer_cast(&d[0]); return p[1]; } // wrong
void bad7() { thrust::device_vector<int> d(10); int *p = thrust::raw_pointer_cast(&d[2]); p[1] = 5; } // wrong
int bad8() { thrust::device_vector<int> d(10); int *p = thrust::raw_pointer_cast(&d.front()); return *p; } // wrong
// Not so:
void ok1() { cudaPitchedPtr q; cudaMalloc3D(&q, make_cudaExtent(4,4,4)); cudaMemset3D(q, 0, make_cudaExtent(4,4,4)); k3<<<1,1>>>(q); k<<<1,1>>>((int*)q.ptr); cudaDeviceSynchronize(); printf("%p %zu %zu\n", q.ptr, q.pitch, q.xsize); cudaFree(q.ptr); }
void ok2(int *h) { cudaPitchedPtr q; cudaMalloc3D(&q, make_cudaExtent(16,4,4)); cudaMemcpy3DParms c = {0}; c.srcPtr = make_cudaPitchedPtr(h, 16, 4, 4); c.dstPtr = q; c.extent = make_cudaExtent(16,4,4); c.kind = cudaMemcpyHostToDevice; cudaMemcpy3D(&c); cudaFree(q.ptr); }
cudaPitchedPtr ok3() { cudaPitchedPtr q; cudaMalloc3D(&q, make_cudaExtent(16,4,4)); return q; }
void ok4() { char *p; cudaMalloc(&p, 40); printf("%p\n", p); printf("%p %s\n", p, "x"); printf("%s\n", (p ? "yes" : "no")); cudaFree(p); }
void ok5() { char *p; cudaMallocManaged(&p, 40); p[0] = 0; printf("%s\n", p); cudaFree(p); }
int ok6() { thrust::device_vector<int> d(10); k<<<1,1>>>(thrust::raw_pointer_cast(&d[0])); cudaDeviceSynchronize(); return d[3]; }
void ok7() { thrust::device_vector<int> d(10); d[0] = 5; d[1] = d[0]; int s = 0; for (int i = 0; i < 10; i++) { s += d[i]; std::cout << d[i] << " "; } printf("%d %d\n", s, (int)d[2]); d[3] += 2; d[4]++; auto r = d[5]; int x = r; printf("%d\n", x); }
int ok8() { thrust::host_vector<int> h(10); int *p = thrust::raw_pointer_cast(&h[0]); return p[1]; }
int ok9() { thrust::device_vector<int> d(10); int *p = thrust::raw_pointer_cast(&d[0]); int v; cudaMemcpy(&v, p, 4, cudaMemcpyDeviceToHost); return v + d.front() + d.back(); }
template <typename T> void ok13(const thrust::device_vector<T> v) { for (auto i = 0; i < v.size(); i++) std::cout << v[i] << v.front(); }
template <typename B> void ok14(const thrust::device_vector<int> &v) { if (v[B::index] > 0) k<<<v[B::index], 1>>>(nullptr); }
struct H { thrust::device_vector<float> d; float get(int i) { return d[i]; } void set(int i, float v) { d[i] = v; } };
float ok10() { H h; h.d.resize(10); h.set(1, 2.f); return h.get(1); }
int ok11() { int *h, *p; cudaHostAlloc(&h, 40, cudaHostAllocMapped); cudaHostGetDevicePointer(&p, h, 0); h[0] = 1; int v = p[0]; cudaFreeHost(h); return v; }
void ok12() { thrust::device_vector<float2> d(10); float2 v = d[0]; printf("%f\n", v.x); float y = static_cast<float2>(d[1]).y; printf("%f\n", y); const thrust::device_vector<float2> &c = d; float2 z = c[2]; printf("%f", z.x); }
"#,
    );
}

#[test]
fn sizes_and_values() {
    marked(
        "copy-size-mismatch",
        &[],
        r#"#include <cuda_runtime.h>
#include <vector>
#include <string>
#include <array>
#include <cstdint>
void b1(float*h,int n){std::vector<float> v(n);float*d;cudaMalloc(&d,n*4);cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);cudaFree(d);} // wrong
void b2(const std::vector<float>&v,float*d){cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);} // wrong
void b3(std::vector<double>&v,double*d,cudaStream_t s){ size_t n=v.size(); cudaMemcpyAsync(v.data(),d,n,cudaMemcpyDeviceToHost,s); cudaStreamSynchronize(s);} // wrong
void b4(double*d){ std::vector<double> v(100); cudaMemcpy(v.data(),d,v.size(),cudaMemcpyDeviceToHost);} // wrong
void b5(int*d,int n){ cudaMemset(d,-2,n*sizeof(int)); } // wrong
void b6(){ int*d; cudaMalloc(&d,400); cudaMemset(d,-2,400); cudaFree(d);} // wrong
void b7(std::vector<float>&v,float*d){cudaMemcpy(d,&v[0],v.size(),cudaMemcpyHostToDevice);} // wrong
void b8(float*d){ std::vector<float> v; v.push_back(1); v.push_back(2); cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);} // wrong
void b9(float*d,size_t n){ std::vector<float> v; v.resize(n); cudaMemcpy(v.data(),d,n,cudaMemcpyDeviceToHost);} // wrong
void b10(float*d,size_t n){ std::vector<float> v(n); cudaMemcpy(d,v.data(),n*sizeof(double),cudaMemcpyHostToDevice);} // wrong
void b11(float*d,size_t n){ std::vector<float> v(n); cudaMemcpy(d,v.data(),(n+1)*sizeof(float),cudaMemcpyHostToDevice);} // wrong
void b12(float*d,size_t n){ std::vector<float> v(n); v.pop_back(); cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);} // wrong
// Not so:
void o1(const std::vector<float>&v,float*d){cudaMemcpy(d,v.data(),v.size()*sizeof(float),cudaMemcpyHostToDevice);}
void o2(const std::vector<char>&v,char*d){cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);}
void o3(const std::string&v,char*d){cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);}
void o4(const std::vector<float>&v,const std::vector<char>&w,float*d){cudaMemcpy(d,v.data(),w.size(),cudaMemcpyHostToDevice);}
void o5(int*d,int n){ cudaMemset(d,-1,n*sizeof(int)); cudaMemset(d,255,n*sizeof(int)); cudaMemset(d,0,n); cudaMemset(d,-63,n*4); cudaMemset(d,0x80,n*4); }
void o6(int8_t*d,int n,void*v){ cudaMemset(d,-2,n); cudaMemset(v,-2,n); }
template<class T> void o7(const std::vector<T>&v,T*d){cudaMemcpy(d,v.data(),v.size(),cudaMemcpyHostToDevice);}
void o8(const std::vector<float>&v,float*d){cudaMemcpy(d,v.data(),v.size()*4,cudaMemcpyHostToDevice); cudaMemcpy(d,v.data(),v.size()/2,cudaMemcpyHostToDevice);}
void o9(){ o7<char>({},nullptr); }
void o10(std::vector<float>&v,float*d){ size_t bytes=v.size()*sizeof(float); cudaMemcpy(d,v.data(),bytes,cudaMemcpyHostToDevice);}
void o11(float*d){ std::vector<float> v(100); cudaMemcpy(d,v.data(),100,cudaMemcpyHostToDevice); }
void o12(float*d,size_t n){ std::vector<float> v; v.resize(n*sizeof(float)); cudaMemcpy(v.data(),d,v.size(),cudaMemcpyDeviceToHost); }
void o13(float*d,size_t w,size_t h){ size_t bytes=w*h*sizeof(float); std::vector<float> v(bytes); cudaMemcpy(v.data(),d,bytes,cudaMemcpyDeviceToHost); }
void o14(float*d,size_t n){ std::vector<float> v(n); v.push_back(1); cudaMemcpy(d,v.data(),(n+1)*sizeof(float),cudaMemcpyHostToDevice); }
void o15(float*d,size_t n,bool more){ std::vector<float> v(n); if (more) v.resize(2*n); cudaMemcpy(d,v.data(),v.size()*sizeof(float),cudaMemcpyHostToDevice); }
void o16(float*d,size_t n,size_t m){ std::vector<float> v(n); v.resize(m); cudaMemcpy(d,v.data(),m*sizeof(float),cudaMemcpyHostToDevice); }
void o17(float*d,const float*h,size_t n){ std::vector<float> v(h,h+n); cudaMemcpy(d,v.data(),n*sizeof(float),cudaMemcpyHostToDevice); cudaMemcpy(d,v.data(),v.size()*sizeof(float),cudaMemcpyHostToDevice); }
void o18(float*d,size_t n){ std::vector<float> v(n),w; w=v; w.insert(w.end(),v.begin(),v.end()); cudaMemcpy(d,w.data(),2*n*sizeof(float),cudaMemcpyHostToDevice); }
void o19(float*d,size_t n,const std::vector<float>&more){ std::vector<float> v(n); v=more; cudaMemcpy(d,v.data(),more.size()*sizeof(float),cudaMemcpyHostToDevice); v.clear(); for (float x : more) v.push_back(x); cudaMemcpy(d,v.data(),more.size()*sizeof(float),cudaMemcpyHostToDevice); }
void o20(float*d,size_t n){ std::vector<float> v(n); v.reserve(2*n); v.emplace_back(1); v.emplace_back(2); cudaMemcpy(d,v.data(),(n+2)*sizeof(float),cudaMemcpyHostToDevice); }
void fill(std::vector<float>&);
void o21(float*d,size_t n){ std::vector<float> v(n); fill(v); cudaMemcpy(d,v.data(),2*n*sizeof(float),cudaMemcpyHostToDevice); }
void o22(float*d,size_t n,const std::vector<float>&o){ std::vector<float> v(o.begin(),o.begin()+n); v.assign(o.begin(),o.end()); cudaMemcpy(d,v.data(),o.size()*sizeof(float),cudaMemcpyHostToDevice); }
void o23(float*d,size_t n){ std::vector<float> v(n), w(2*n); v.swap(w); cudaMemcpy(d,v.data(),2*n*sizeof(float),cudaMemcpyHostToDevice); std::swap(v,w); w=std::move(v); cudaMemcpy(d,w.data(),n*sizeof(float),cudaMemcpyHostToDevice); }
void o24(float*d,size_t n){ std::vector<float> v; if (v.size() < n) v.resize(n); cudaMemcpy(d,v.data(),n*sizeof(float),cudaMemcpyHostToDevice); }
void o25(float*d,size_t n,size_t m){ std::vector<float> v(n); if (v.size() < m) v.resize(m); cudaMemcpy(d,v.data(),m*sizeof(float),cudaMemcpyHostToDevice); }
"#,
    );
}

#[test]
fn streams_on_their_way_to_a_launch() {
    marked(
        "stream-as-kernel-argument",
        &[],
        r#"#include <cuda_runtime.h>
#include <cuda.h>
__global__ void k(int *p) { p[0] = 1; }
__global__ void k1(int *p, int n) { p[0] = n; }
__global__ void ks(int *p, cudaStream_t s) { p[0] = 1; }
void b1(int*d,cudaStream_t s){void*a[]={&d,&s};cudaLaunchKernel((void*)ks,dim3(1),dim3(1),a,0,0);} // wrong
void b2(int*d,cudaStream_t s){void*a[2]; a[0]=&d; a[1]=(void*)&s; cudaLaunchKernel((const void*)ks,dim3(1),dim3(1),a);} // wrong
void b3(int*d,cudaStream_t s){int x=(int)(size_t)s;k<<<1,1,x>>>(d);} // wrong
void b4(int*d){unsigned long s;cudaStreamCreate((cudaStream_t*)&s);k<<<1,1,s>>>(d);} // wrong
void b5(int*d,cudaStream_t s){size_t x=(size_t)s;size_t y=x;k<<<1,1,y>>>(d);} // wrong
void b6(int*d,cudaStream_t s){long x; x=reinterpret_cast<long>(s);k<<<1,1,x>>>(d);} // wrong
void b7(CUfunction f,CUdeviceptr d,CUstream s){void*a[]={&d,&s};cuLaunchKernel(f,1,1,1,1,1,1,0,nullptr,a,nullptr);} // wrong
// Not so:
void o1(int*d,cudaStream_t s){void*a[]={&d,&s};cudaLaunchKernel((void*)ks,dim3(1),dim3(1),a,0,s);}
void o2(int*d,cudaStream_t s){void*a[]={&d};cudaLaunchKernel((void*)k,dim3(1),dim3(1),a,0,0); (void)s;}
void o3(int*d,cudaStream_t s){int x=16; size_t h=(size_t)s; k1<<<1,1,x,s>>>(d,(int)h);}
void o4(int*d,cudaStream_t s,int bytes){int x=bytes; if(bytes<0) x=(int)(size_t)s; k<<<1,1,x>>>(d);}
void o5(int*d,cudaStream_t s=0){void*a[]={&d,&s};cudaLaunchKernel((void*)ks,dim3(1),dim3(1),a,0,s);}
void call(int*d){o5(d);o5(d,0);}
void fill(unsigned long*);
void o6(int*d,cudaStream_t s){unsigned long x=(unsigned long)s; fill(&x); k<<<1,1,x>>>(d);}
void o7(int*d,cudaStream_t s){int n=4; void*a[]={&d,&n};void*b[]={&d,&s}; cudaLaunchKernel((void*)k1,dim3(1),dim3(1),a,0,0); cudaLaunchKernel((void*)ks,dim3(1),dim3(1),b,0,s);}
void o8(int*d,size_t smem){size_t x=smem; k<<<1,1,x>>>(d); k<<<1,256,x,0>>>(d);}
"#,
    );
}

#[test]
fn the_odd_kind_out() {
    marked(
        "memcpy-kind-mismatch",
        &[],
        r#"#include <cuda_runtime.h>
void b1(int*h_a,int*h_b,int*h_c,int*d_a,int*d_b,int*d_c){
  cudaMemcpy(d_a,h_a,40,cudaMemcpyHostToDevice);
  cudaMemcpy(d_b,h_b,40,cudaMemcpyDeviceToHost); // wrong
  cudaMemcpy(d_c,h_c,40,cudaMemcpyHostToDevice);
}
void b2(int*h_a,int*h_b,int*h_c,int*d_a,int*d_b,int*d_c,cudaStream_t s){
  cudaMemcpyAsync(h_a,d_a,40,cudaMemcpyDeviceToHost,s);
  cudaMemcpyAsync(h_b,d_b,40,cudaMemcpyDeviceToHost,s);
  cudaMemcpyAsync(h_c,d_c,40,cudaMemcpyHostToDevice,s); // wrong
}
struct Buffers { float *hostA, *hostB, *hostC, *devA, *devB, *devC; void up(); };
void Buffers::up() {
  cudaMemcpy(devA,hostA,40,cudaMemcpyDeviceToHost); // wrong
  cudaMemcpy(devB,hostB,40,cudaMemcpyHostToDevice);
  cudaMemcpy(devC,hostC,40,cudaMemcpyHostToDevice);
}
// Not so:
void o1(int*h_a,int*h_b,int*h_c,int*d_a,int*d_b,int*d_c){
  cudaMemcpy(d_a,h_a,40,cudaMemcpyHostToDevice);
  cudaMemcpy(d_b,h_b,40,cudaMemcpyHostToDevice);
  cudaMemcpy(h_c,d_c,40,cudaMemcpyDeviceToHost);
}
void o2(int*h_a,int*h_b,int*d_a,int*d_b){
  cudaMemcpy(d_a,h_a,40,cudaMemcpyDeviceToHost);
  cudaMemcpy(d_b,h_b,40,cudaMemcpyHostToDevice);
}
void o3(int*a,int*b,int*c,int*d_a,int*d_b,int*d_c){
  cudaMemcpy(d_a,a,40,cudaMemcpyHostToDevice);
  cudaMemcpy(d_b,b,40,cudaMemcpyDeviceToHost);
  cudaMemcpy(d_c,c,40,cudaMemcpyHostToDevice);
}
void o4(int*h_a,int*h_b,int*h_c,int*d_a,int*d_b,int*d_c,cudaMemcpyKind k){
  cudaMemcpy(d_a,h_a,40,k); cudaMemcpy(d_b,h_b,40,k); cudaMemcpy(d_c,h_c,40,cudaMemcpyDefault);
}
void o5(int*h_a,int*h_b,int*h_c,int*d_a,int*d_b,int*d_c){
  cudaMemcpy(d_a,h_a,40,cudaMemcpyDeviceToHost);
  cudaMemcpy(d_b,h_b,40,cudaMemcpyDeviceToHost);
  cudaMemcpy(d_c,h_c,40,cudaMemcpyDeviceToHost);
}
void o6(int*h_a,int*d_a){ cudaMemcpy(d_a,h_a,40,cudaMemcpyHostToDevice); cudaMemcpy(d_a+9,h_a,40,cudaMemcpyHostToDevice); }
void o7(int*h_a,int*d_a){ cudaMemcpy(d_a,h_a,40,cudaMemcpyDeviceToHost); }
"#,
    );
}

#[test]
fn copies_by_structures_of_the_driver() {
    marked(
        "pageable-async-copy",
        &[],
        r#"#include <cuda.h>
#include <vector>
#include <cstdlib>
#include <cstring>
void b1(CUdeviceptr d,CUstream s,std::vector<int>&h){CUDA_MEMCPY2D c={};c.srcMemoryType=CU_MEMORYTYPE_HOST;c.srcHost=h.data();c.srcPitch=1024;c.dstMemoryType=CU_MEMORYTYPE_DEVICE;c.dstDevice=d;c.dstPitch=1024;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2DAsync(&c,s);} // wrong
void b2(CUdeviceptr d,CUstream s){static char h[1<<22];CUDA_MEMCPY2D c;memset(&c,0,sizeof(c));c.dstMemoryType=CU_MEMORYTYPE_HOST;c.dstHost=h;c.dstPitch=1024;c.srcMemoryType=CU_MEMORYTYPE_DEVICE;c.srcDevice=d;c.srcPitch=1024;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2DAsync(&c,s);cuStreamSynchronize(s);} // wrong
void b3(CUarray a,CUstream s,std::vector<int>&h){CUDA_MEMCPY3D c={};c.srcMemoryType=CU_MEMORYTYPE_HOST;c.srcHost=h.data();c.srcPitch=1024;c.dstMemoryType=CU_MEMORYTYPE_ARRAY;c.dstArray=a;c.WidthInBytes=1024;c.Height=64;c.Depth=64;cuMemcpy3DAsync(&c,s);} // wrong
// Not so:
void o1(CUdeviceptr d,CUstream s){void*h;cuMemHostAlloc(&h,1<<22,0);memset(h,0,1<<22);CUDA_MEMCPY2D c={};c.srcMemoryType=CU_MEMORYTYPE_HOST;c.srcHost=h;c.srcPitch=1024;c.dstMemoryType=CU_MEMORYTYPE_DEVICE;c.dstDevice=d;c.dstPitch=1024;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2DAsync(&c,s);cuStreamSynchronize(s);cuMemFreeHost(h);}
void o2(CUdeviceptr d,CUdeviceptr e,CUstream s){CUDA_MEMCPY2D c={};c.srcMemoryType=CU_MEMORYTYPE_DEVICE;c.srcDevice=e;c.dstMemoryType=CU_MEMORYTYPE_DEVICE;c.dstDevice=d;c.dstPitch=1024;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2DAsync(&c,s);}
void o3(CUdeviceptr d,CUstream s,void*h){CUDA_MEMCPY2D c={};c.srcMemoryType=CU_MEMORYTYPE_HOST;c.srcHost=h;c.dstMemoryType=CU_MEMORYTYPE_DEVICE;c.dstDevice=d;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2DAsync(&c,s);}
void o4(CUdeviceptr d,CUstream s,std::vector<int>&h){CUDA_MEMCPY2D c={};c.srcMemoryType=CU_MEMORYTYPE_HOST;c.srcHost=h.data();c.dstMemoryType=CU_MEMORYTYPE_DEVICE;c.dstDevice=d;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2D(&c);}
void o5(CUstream s,std::vector<int>&h,char*o){CUDA_MEMCPY2D c={};c.srcMemoryType=CU_MEMORYTYPE_UNIFIED;c.srcDevice=(CUdeviceptr)o;c.dstMemoryType=CU_MEMORYTYPE_UNIFIED;c.WidthInBytes=1024;c.Height=4096;cuMemcpy2DAsync(&c,s);}
void fill(CUDA_MEMCPY2D*);
void o6(CUstream s){CUDA_MEMCPY2D c={};fill(&c);cuMemcpy2DAsync(&c,s);}
"#,
    );
}

#[test]
fn memory_of_a_caller_that_stays_locked() {
    marked(
        "resource-leak",
        &[],
        r#"#include <cuda_runtime.h>
#include <cstdlib>
__global__ void k(float *p) { p[0] = 1; }
void keep(float *);
bool work(float *);
int b1(float *h, int c) {
  cudaHostRegister(h, 4096, 0);
  if (c) return 1; // wrong
  k<<<1, 1>>>(h); cudaDeviceSynchronize();
  cudaHostUnregister(h);
  return 0;
}
bool b2(const float *h, float *d, size_t n, cudaStream_t s) {
  if (cudaHostRegister((void *)h, n, 0) != cudaSuccess) return false;
  if (n > 4096)
    return false; // wrong
  cudaMemcpyAsync(d, h, n, cudaMemcpyHostToDevice, s);
  cudaStreamSynchronize(s);
  cudaHostUnregister((void *)h);
  return true;
}
int b3(int c) {
  float *h = (float *)malloc(4096);
  cudaHostRegister(h, 4096, 0);
  if (c) { free(h); return 1; }
  cudaHostUnregister(h); free(h); return 0;
}
// Not so:
bool o1(float *h, float **d) { cudaHostRegister(h, 4096, 0); if (cudaMalloc(d, 4096) != cudaSuccess) { cudaHostUnregister(h); return false; } return true; }
bool o2(float *h, int n) { cudaHostRegister(h, 4096, 0); if (n < 0) { cudaHostUnregister(h); return false; } k<<<1, 1>>>(h); return true; }
void o3(float *h) { cudaHostRegister(h, 4096, 0); }
int o4(float *h, int c) { bool r = c > 0; if (r) cudaHostRegister(h, 4096, 0); if (c < 0) return 1; k<<<1, 1>>>(h); cudaDeviceSynchronize(); if (r) cudaHostUnregister(h); return 0; }
int o5(float *h, int c) { cudaHostRegister(h, 4096, 0); int r = 0; if (c) r = 1; else k<<<1, 1>>>(h); cudaDeviceSynchronize(); cudaHostUnregister(h); return r; }
struct S { float *h; int go(float *p, int c) { cudaHostRegister(p, 4096, 0); h = p; if (c) return 1; cudaHostUnregister(h); h = nullptr; return 0; } ~S() { if (h) cudaHostUnregister(h); } };
struct T { float *h; bool open(); int go(int c) { cudaHostRegister(h, 4096, 0); if (c) return 1; cudaHostUnregister(h); return 0; } };
int o6(float *h, int c) { cudaHostRegister(h, 4096, 0); keep(h); if (c) return 1; cudaHostUnregister(h); return 0; }
void o7(float *h, int c) { cudaHostRegister(h, 4096, 0); if (c) exit(1); k<<<1, 1>>>(h); cudaDeviceSynchronize(); cudaHostUnregister(h); }
"#,
    );
}

#[test]
fn synchronous_copies_between_streams() {
    marked(
        "default-stream-serialization",
        &[],
        r#"#include <cuda_runtime.h>
__global__ void k(int *p) { p[0] = 1; }
void b1(int*a,int*b,int*c){int h[10]={0};cudaStream_t s,t;cudaStreamCreate(&s);cudaStreamCreate(&t);k<<<1,1,0,s>>>(a);cudaMemcpy(c,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaStreamDestroy(s);cudaStreamDestroy(t);} // wrong
void b2(int*a,int*b,const int*h){cudaStream_t s,t;cudaStreamCreate(&s);cudaStreamCreate(&t);k<<<1,1,0,s>>>(a);cudaMemcpy(b,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,t>>>(b);cudaStreamSynchronize(s);cudaStreamSynchronize(t);cudaStreamDestroy(s);cudaStreamDestroy(t);} // wrong
// Not so:
void o1(int*a,int*b,int*c,int*h){cudaStream_t s,t;cudaStreamCreate(&s);cudaStreamCreate(&t);k<<<1,1,0,s>>>(a);k<<<1,1,0,t>>>(b);cudaMemcpy(h,a,40,cudaMemcpyDeviceToHost);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaStreamDestroy(s);cudaStreamDestroy(t);}
void o2(int*a,int*b,int*c,int*h){cudaStream_t s,t;cudaStreamCreate(&s);cudaStreamCreate(&t);cudaMemcpy(a,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,s>>>(a);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaStreamDestroy(s);cudaStreamDestroy(t);}
void o3(int*a,int*b,int*c,int*h){cudaStream_t s,t;cudaStreamCreate(&s);cudaStreamCreate(&t);k<<<1,1,0,s>>>(a);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaMemcpy(c,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,s>>>(c);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaStreamDestroy(s);cudaStreamDestroy(t);}
void o4(int*a,int*b,int*c,int*h){cudaStream_t s,t;cudaStreamCreateWithFlags(&s,cudaStreamNonBlocking);cudaStreamCreateWithFlags(&t,cudaStreamNonBlocking);k<<<1,1,0,s>>>(a);cudaMemcpy(c,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaStreamDestroy(s);cudaStreamDestroy(t);}
void o5(int*a,int*b,int*c,int*h){cudaStream_t s,t;cudaStreamCreate(&s);cudaStreamCreate(&t);k<<<1,1,0,s>>>(a);cudaMemcpy(a,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,t>>>(b);cudaDeviceSynchronize();cudaStreamDestroy(s);cudaStreamDestroy(t);}
void o6(int*a,int*c,int*h){cudaStream_t s;cudaStreamCreate(&s);k<<<1,1,0,s>>>(a);cudaMemcpy(c,h,40,cudaMemcpyHostToDevice);k<<<1,1,0,s>>>(a);cudaStreamSynchronize(s);cudaStreamDestroy(s);}
"#,
    );
}

#[test]
fn arguments_of_an_earlier_version() {
    marked(
        "unknown-cuda-api",
        &["--cuda", "13"],
        r#"#include <cuda_runtime.h>
#include <cuda.h>
#define CHECK(x) do { if ((x) != cudaSuccess) return; } while (0)
void b1(float*p,cudaStream_t s){cudaMemPrefetchAsync(p,4,0,s);} // wrong
void b2(float*p,cudaStream_t s){CHECK(cudaMemPrefetchAsync(p,4,0));} // wrong
// Not so:
void o1(float*p,cudaStream_t s){cudaMemLocation l{};cudaMemPrefetchAsync(p,4,l,0,s);}
#if CUDART_VERSION < 13000
void o2(float*p,cudaStream_t s){cudaMemPrefetchAsync(p,4,0,s);}
#endif
// A call in a template that nothing instantiates has no arguments but those that are written.
template <class T> void o3(T *p, size_t n, cudaMemLocation l) { cudaMemPrefetchAsync(p, n * sizeof(T), l, 0); }
template <class T> void b3(T *p, size_t n) { cudaMemPrefetchAsync(p, n * sizeof(T), 0); } // wrong
template <class T> void b4(T *p, size_t n) { cudaMemPrefetchAsync(p, n * sizeof(T), 0, 0); } // wrong
void use(float *p) { b4(p, 1); }
"#,
    );
}

#[test]
fn arguments_in_a_header_with_a_guard() {
    let found = |head: &str, tail: &str| {
        let header = format!(
            "{head}\n#include <cuda_runtime.h>\n\
             inline void f(float *p, cudaStream_t s) {{ cudaMemPrefetchAsync(p, 4, 0, s); }}\n{tail}\n"
        );
        let source = "#include \"h.cuh\"\nvoid g(float *p) { f(p, 0); }\n";
        let project = Project::new(&[("h.cuh", &header), ("a.cu", source)]);
        project.found(&["--cuda", "13", "."])
    };
    let wrong = |line: usize| vec![format!("h.cuh:{line} unknown-cuda-api")];
    assert_eq!(found("#pragma once", ""), wrong(3));
    assert_eq!(found("#ifndef H_CUH\n#define H_CUH", "#endif"), wrong(4));
    assert_eq!(found("#pragma once\n#ifndef H_CUH\n#define H_CUH", "#endif"), wrong(5));
    assert_eq!(found("// What it does.\n#if !defined(H_CUH)\n#define H_CUH", "#endif // H_CUH"), wrong(5));
    // These choose.
    assert_eq!(found("#ifndef OLD_CUDA", "#endif"), Vec::<String>::new());
    assert_eq!(
        found("#ifndef H_CUH\n#define H_CUH\n#ifndef OLD_CUDA", "#endif\n#endif"),
        Vec::<String>::new()
    );
    assert_eq!(found("#ifndef H_CUH\n#define H_CUH", "#else\n#endif"), Vec::<String>::new());
}

#[test]
fn entries_of_a_list_without_braces_of_their_own() {
    let forms = [
        ("struct X { P a; cudaStream_t last; };", "h, t, u"),
        ("struct X : P { cudaStream_t last; };", "h, t, u"),
        ("struct X { P a[2]; cudaStream_t last; };", "h, t, h, t, u"),
        ("struct X { P a[2]; cudaStream_t last; };", "p, h, t, u"),
        ("struct X { P a[2]; cudaStream_t last; };", "{{h, t}, h, t}, u"),
        ("struct X { P a[2]; cudaStream_t last; };", "{h, t, h, t}, u"),
        ("struct X { int m[2][2]; cudaStream_t last; };", "1, 2, 3, 4, u"),
        ("struct X { const char *n[2]; float *p[1]; cudaStream_t last; };", "\"a\", \"b\", array, u"),
        ("struct X { char n[2][4]; cudaStream_t last; };", "\"abc\", \"def\", u"),
        ("struct X { struct { char n[4]; int k; } a; cudaStream_t last; };", "\"abc\", 1, u"),
        ("struct X { std::array<std::array<cudaStream_t, 2>, 1> a; cudaStream_t last; };", "t, t, u"),
        ("struct X { union { float *p; int *q; }; cudaStream_t last; };", "h, u"),
        (
            "struct X { union { struct { float *p; cudaStream_t s; }; int *q; }; cudaStream_t last; };",
            "{h, t}, u",
        ),
        ("struct X { P a; Other o; cudaStream_t last; };", "h, t, o, u"),
        // An object that becomes one of the class is a whole one.
        ("struct X { P a; cudaStream_t last; };", "o, u"),
    ];
    let (mut right, mut wrong) = (String::new(), String::new());
    for (class, list) in forms {
        let line = |list: &str| {
            format!(
                "float f(const float *d, P p, Other o) {{ {class} cudaStream_t t, u; cudaStreamCreate(&t); \
                 cudaStreamCreate(&u); float *h, array[2]; cudaMallocHost(&h, 16); X x = {{{list}}}; \
                 cudaMemcpyAsync(h, d, 16, cudaMemcpyDeviceToHost, u); cudaStreamSynchronize(x.last); float r = h[0]; \
                 cudaFreeHost(h); cudaStreamDestroy(t); cudaStreamDestroy(u); return r; }}"
            )
        };
        let at = right.len();
        right += &line(list).replace("float f(", &format!("float r{at}("));
        right += "\n";
        let other: String = list.chars().map(|it| if it == 'u' { 't' } else { it }).collect();
        wrong += &line(&other).replace("float f(", &format!("float w{at}("));
        wrong += " // wrong\n";
    }
    let text = format!(
        "#include <cuda_runtime.h>\n#include <array>\nstruct P {{ float *p; cudaStream_t s; }};\n\
         struct Other {{ operator P() const; int n; }};\n{right}{wrong}"
    );
    marked("host-read-before-sync", &[], &text);
}

#[test]
fn arguments_of_a_later_version() {
    let text = "#include <cuda_runtime.h>\n\
                void o(float *p, cudaStream_t s) { cudaMemPrefetchAsync(p, 4, 0, s); }\n\
                void b(float *p, cudaMemLocation l) { cudaMemPrefetchAsync(p, 4, l, 0, nullptr); } // wrong\n";
    marked("unknown-cuda-api", &["--cuda", "11.8"], text);
    marked("unknown-cuda-api", &[], &text.replace("// wrong", ""));
    // In C++ CUDA 12.2 has both.
    marked("unknown-cuda-api", &["--cuda", "12.4"], &text.replace("// wrong", ""));
}

#[test]
fn arguments_of_graphs_from_version_to_version() {
    let text = r#"#include <cuda_runtime.h>
#include <cuda.h>
void a(cudaGraph_t g, cudaGraphNode_t *n, cudaGraphNodeParams *p) { cudaGraphAddNode(n, g, nullptr, 0, p); } // 12
void b(cudaGraph_t g, cudaGraphNode_t *n, cudaGraphNodeParams *p) { cudaGraphAddNode(n, g, nullptr, nullptr, 0, p); } // 13
void c(CUcontext *c, CUdevice d) { cuCtxCreate(c, 0, d); } // 12
void d(CUcontext *c, CUdevice d) { cuCtxCreate(c, nullptr, 0, d); } // 13
// Not so:
void o(cudaGraphExec_t *e, cudaGraph_t g, cudaGraphNode_t *n) { cudaGraphInstantiate(e, g, n, nullptr, 0); cudaGraphInstantiate(e, g); }
void p(cudaStream_t s, cudaGraphNode_t *n) { cudaStreamUpdateCaptureDependencies_v2(s, n, nullptr, 1); }
#if CUDART_VERSION >= 13000
void q(cudaGraph_t g, cudaGraphNode_t *n, size_t *c) { cudaGraphGetEdges(g, n, n, nullptr, c); }
#else
void q(cudaGraph_t g, cudaGraphNode_t *n, size_t *c) { cudaGraphGetEdges(g, n, n, c); }
#endif
"#;
    marked("unknown-cuda-api", &["--cuda", "13"], &text.replace("// 12", "// wrong"));
    marked("unknown-cuda-api", &["--cuda", "12.9"], &text.replace("// 13", "// wrong"));
    marked("unknown-cuda-api", &[], text);
}

#[test]
fn misspelt_names_of_hip_and_removed_functions_with_other_arguments() {
    let text = "#include <hip/hip_runtime.h>\n\
                void b() { hipDeviceSynchronise(); } // wrong\n\
                void o(void **p) { hipExtMallocWithFlags(p, 4, 0); hipDeviceSynchronize(); }\n";
    marked("unknown-cuda-api", &[], text);
    let text = "#include <cuda_runtime.h>\n\
                void b(void *t, void *p) { cudaBindTexture(0, t, p, 4); } // wrong\n\
                // Said once, with all the places.\n\
                void c(void *t, void *p) { cudaBindTexture(0, t, p, 8); }\n";
    marked("unknown-cuda-api", &[], text);
    marked("unknown-cuda-api", &["--cuda", "11.8"], &text.replace("// wrong", ""));
}

/// Registered memory by the host's address, and by the device's.
const REGISTERED: &str = r#"#include <cuda_runtime.h>
#include <cstdlib>
__global__ void k(float *p) { p[threadIdx.x] += 1; }
void b1() { float *p = (float *)malloc(4096); cudaHostRegister(p, 4096, cudaHostRegisterMapped); k<<<1, 32>>>(p); cudaDeviceSynchronize(); cudaHostUnregister(p); free(p); } // wrong
void b2() { static float p[1024]; cudaHostRegister(p, 4096, 0); k<<<1, 32>>>(p + 4); cudaDeviceSynchronize(); cudaHostUnregister(p); } // wrong
// Not so:
void o1() { float *p = (float *)malloc(4096), *d; cudaHostRegister(p, 4096, cudaHostRegisterMapped); cudaHostGetDevicePointer(&d, p, 0); k<<<1, 32>>>(d); cudaDeviceSynchronize(); cudaHostUnregister(p); free(p); }
void o2() { float *p; cudaHostAlloc(&p, 4096, cudaHostAllocMapped); k<<<1, 32>>>(p); cudaDeviceSynchronize(); cudaFreeHost(p); }
void o3(float *p) { cudaHostRegister(p, 4096, 0); k<<<1, 32>>>(p); cudaDeviceSynchronize(); cudaHostUnregister(p); }
"#;

#[test]
fn registered_memory_by_the_address_of_the_host() {
    marked("host-pointer-to-kernel", &[], REGISTERED);
}

#[test]
fn a_program_that_asks_what_the_device_reaches_knows() {
    let asks = [
        "bool asks() { int yes = 0; cudaDeviceGetAttribute(&yes, cudaDevAttrCanUseHostPointerForRegisteredMem, 0); \
         return yes; }\n",
        "void asks(bool &yes) { cudaDeviceProp p; cudaGetDeviceProperties(&p, 0); \
         if (p.canUseHostPointerForRegisteredMem) yes = true; }\n",
    ];
    for asks in asks {
        marked("host-pointer-to-kernel", &[], &format!("{}{asks}", REGISTERED.replace("// wrong", "")));
    }
}

#[test]
fn memory_that_is_chosen_by_an_option() {
    marked(
        "host-pointer-to-kernel",
        &[],
        r#"#include <cuda_runtime.h>
#include <cstdlib>
__global__ void k(float *p) { p[threadIdx.x] = 1; }
void wrong(int n) { float *p = n > 5 ? (float *)malloc(4 * n) : new float[n]; k<<<1, 32>>>(p); } // wrong
void ways(float *p) { k<<<1, 32>>>(p); } // wrong
void first(int n) { float *p; cudaMalloc(&p, 4 * n); ways(p); }
void second(int n) { float *p = new float[n]; ways(p); }
// Not so:
void chosen(bool system, int n) {
    float *p;
    if (system) p = new float[n]; else cudaMallocManaged(&p, 4 * n);
    k<<<1, 32>>>(p);
}
"#,
    );
}

#[test]
fn the_version_that_is_meant_decides_which_branch_is_there() {
    let text = r#"#include <cuda_runtime.h>
__global__ void k(float *p);
void f(float *p) {
#if CUDART_VERSION < 13000
    cudaThreadSynchronize(); // old
#else
    cudaMemsetAsinc(p, 0, 4); // new
#endif
#if __CUDACC_VER_MAJOR__ == 13
    cudaMemcpyAsinc(p, p, 4); // new
#endif
}
"#;
    marked("unknown-cuda-api", &["--cuda", "13"], &text.replace("// new", "// wrong"));
    marked("unknown-cuda-api", &["--cuda", "13.1"], &text.replace("// new", "// wrong"));
    marked("unknown-cuda-api", &["--cuda", "12.4"], text);
}

#[test]
fn only_headers_of_cuda_tell_the_version_that_is_meant() {
    let text = r#"#ifdef CUDART_VERSION
#include <cuda_runtime.h>
void f(float *d) { cudaMemsetAsinc(d, 0, 4); } // wrong
#else
#include <hip/hip_runtime.h>
void f(float *d) { hipDeviceSynchronise(); } // wrong
#endif
"#;
    marked_in("a.cpp", "unknown-cuda-api", &[], text);
    marked_in("a.cpp", "unknown-cuda-api", &["--cuda", "13"], text);
    let text = r#"#include <cuda_runtime.h>
#if CUDART_VERSION >= 13000
void f(float *d) { cudaMemsetAsinc(d, 0, 4); } // wrong
#else
void f(float *d) { cudaMemcpyAsinc(d, 0, 4); } // old
#endif
"#;
    marked_in("a.cpp", "unknown-cuda-api", &["--cuda", "13"], text);
    let old = text.replace("// wrong", "").replace("// old", "// wrong");
    marked_in("a.cpp", "unknown-cuda-api", &["--cuda", "12.9"], &old);
}
