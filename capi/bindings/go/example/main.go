// Command example reads a safetensors file in every way that the package offers, and writes another:
//
//	example INPUT OUTPUT
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"

	"libsafetensors/safetensors"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: example INPUT OUTPUT")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(input, output string) error {
	file, err := safetensors.Open(input, nil)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := list(input, file); err != nil {
		return err
	}

	weight, err := file.Tensor("weight")
	if err != nil {
		return err
	}
	defer weight.Close()
	bias, err := safetensors.Read[float32](file, "bias")
	if err != nil {
		return err
	}
	slice, err := safetensors.ReadSlice[float32](file, "weight", safetensors.Range{Start: 0, Stop: 2}, safetensors.Range{Start: 1, Stop: 3})
	if err != nil {
		return err
	}
	file.Close() // the tensor stays valid

	elements, err := safetensors.As[float32](weight) // the pages of the file
	if err != nil {
		return err
	}
	fmt.Printf("weight[1][2] = %g\n", elements[1*weight.Shape[1]+2])
	fmt.Printf("bias = %s\n", join(bias))
	fmt.Printf("slice = %s\n", join(slice))
	printErrors(input)

	doubled := make([]float32, len(elements))
	for i, element := range elements {
		doubled[i] = 2 * element
	}
	runtime.KeepAlive(weight) // until here: elements does not keep it reachable
	err = safetensors.Save(output, []safetensors.SaveTensor{
		safetensors.Of("bias", []uint64{3}, bias),
		safetensors.Of("doubled", weight.Shape, doubled),
	}, &safetensors.SaveOptions{Metadata: map[string]string{"format": "pt"}})
	if err != nil {
		return err
	}
	fmt.Println("wrote", output)
	return nil
}

func list(input string, file *safetensors.File) error {
	infos, err := file.Infos(safetensors.NameOrder)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d tensors\n", input, len(infos))
	format, _ := file.LookupMetadata("format")
	fmt.Println("format =", format)
	for _, info := range infos {
		fmt.Printf("%s %s [%s] %d bytes\n", info.Name, info.DType, strings.ReplaceAll(join(info.Shape), " ", ", "), info.Size)
	}
	return nil
}

func printErrors(input string) {
	_, err := safetensors.Open(input+".missing", nil)
	printError(err)
	_, err = safetensors.OpenBytes([]byte(strings.Repeat("x", 16)), nil)
	printError(err)
	file, err := safetensors.Open(input, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	_, err = file.Info("absent")
	printError(err)
}

func printError(err error) {
	var failure *safetensors.Error
	if !errors.As(err, &failure) {
		log.Fatalf("expected an error of the library, got %v", err)
	}
	fmt.Printf("%v: %s\n", failure.Code.String(), failure.Message)
}

func join[T any](elements []T) string {
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i] = fmt.Sprint(element)
	}
	return strings.Join(texts, " ")
}
