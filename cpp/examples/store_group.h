// A c10d process group whose processes exchange tensors through a c10d::Store.
//
// LibTorch's wheels have Gloo's code, but not its headers, so a program in C++ alone cannot
// construct a group of Gloo. This group has the collectives that the example and
// safetensors::load_distributed use, for tensors on the CPU. Every message passes through the
// process that has the store: a program that is more than an example uses Gloo, NCCL or MPI.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

// The timeout of a collective is that of the store.
c10::intrusive_ptr<c10d::ProcessGroup> store_group(c10::intrusive_ptr<c10d::Store> store, int rank,
                                                   int size);
