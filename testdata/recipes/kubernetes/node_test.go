//go:build linux

package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const nodeName = "node-1"

// node takes the place of a kubelet and a container runtime. Its rights are those of a node.
type node struct {
	t     *testing.T
	api   kubernetes.Interface
	dir   string
	image string // folder with the files of every container's image
	work  sync.WaitGroup

	mu   sync.Mutex
	pods map[types.UID]*pod
	most int // containers at the same time
}

// pod is one that the node was given.
type pod struct {
	*corev1.Pod
	stop    chan struct{} // closed when the pod is to be deleted
	process *os.Process   // while it runs
	end     *end
}

// end is how a pod's container ended.
type end struct {
	code         int
	began, ended time.Time
	log          string // what it wrote
}

// startNode registers a node with the cluster, which works until the test ends.
func startNode(t *testing.T, c *cluster, image string) *node {
	t.Helper()
	n := &node{t: t, api: c.client(t, "system:node:"+nodeName), dir: t.TempDir(), image: image, pods: make(map[types.UID]*pod)}
	amounts := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("16Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	_, err := n.api.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: nodeName, Labels: map[string]string{corev1.LabelHostname: nodeName}},
		Status: corev1.NodeStatus{
			Capacity: amounts, Allocatable: amounts,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
		},
	}, metav1.CreateOptions{})
	check(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(n.api.CoreV1().RESTClient(), "pods", "", fields.OneTermEqualSelector("spec.nodeName", nodeName)),
		ObjectType:    &corev1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(p any) { n.see(ctx, p) },
			UpdateFunc: func(_, p any) { n.see(ctx, p) },
		},
	})
	n.work.Go(func() { informer.RunWithContext(ctx) })
	n.work.Go(func() { n.beat(ctx) })
	t.Cleanup(func() {
		n.kill("")
		stop()
		n.work.Wait()
	})
	return n
}

// beat says that the node is alive.
func (n *node) beat(ctx context.Context) {
	leases := n.api.CoordinationV1().Leases("kube-node-lease")
	name, seconds := nodeName, int32(40)
	for {
		now := metav1.NowMicro()
		spec := coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now}
		lease, err := leases.Get(ctx, nodeName, metav1.GetOptions{})
		if err == nil {
			lease.Spec = spec
			_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
		} else {
			_, err = leases.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: nodeName}, Spec: spec}, metav1.CreateOptions{})
		}
		pause := 10 * time.Second
		if err != nil {
			pause = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// see is called for each pod of the node and for each change of one.
func (n *node) see(ctx context.Context, object any) {
	is, ok := object.(*corev1.Pod)
	if !ok {
		n.t.Errorf("the list of pods has %T", object)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.pods[is.UID]
	if p == nil {
		p = &pod{Pod: is, stop: make(chan struct{})}
		n.pods[is.UID] = p
		n.work.Go(func() { n.play(ctx, p) })
	}
	if is.DeletionTimestamp != nil {
		select {
		case <-p.stop:
		default:
			close(p.stop)
		}
	}
}

// play is the life of a pod. Its restart policy is Never: what becomes of its Job is decided
// elsewhere.
func (n *node) play(ctx context.Context, p *pod) {
	if err := unplayed(p.Pod); err != nil {
		n.t.Errorf("pod %s: the node can't play it: %v", p.Name, err)
		return
	}
	cmd, err := n.start(ctx, p)
	if err != nil {
		n.t.Errorf("pod %s: %v", p.Name, err)
		return
	}
	if cmd != nil {
		n.finish(ctx, p, cmd)
	}
	select {
	case <-p.stop:
		now := int64(0)
		err := n.api.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
		if err != nil && ctx.Err() == nil {
			n.t.Errorf("pod %s: %v", p.Name, err)
		}
	default:
	}
}

// start starts the pod's container as soon as all that it needs is there. It returns nil if the pod
// is deleted before that.
func (n *node) start(ctx context.Context, p *pod) (*exec.Cmd, error) {
	for tries := 0; ; tries++ {
		c, err := n.prepare(ctx, p.Pod)
		if err == nil {
			return n.execute(p, c)
		}
		if tries%10 == 5 {
			n.t.Logf("pod %s can't start yet: %v", p.Name, err)
		}
		select {
		case <-time.After(time.Second):
		case <-p.stop:
			return nil, nil
		case <-ctx.Done():
			return nil, err
		}
	}
}

// execute starts a container.
func (n *node) execute(p *pod, c container) (*exec.Cmd, error) {
	spec, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(n.dir, string(p.UID), "container.json")
	if err := os.WriteFile(path, spec, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(n.logOf(p))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{role + "=container", specVariable + "=" + path}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC}
	p.end = &end{began: time.Now(), log: log.Name()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p.process = cmd.Process
	running := 0
	for _, other := range n.pods {
		if other.process != nil {
			running++
		}
	}
	n.most = max(n.most, running)
	return cmd, nil
}

func (n *node) logOf(p *pod) string { return filepath.Join(n.dir, p.Name+".log") }

// finish waits for the end of a container, or brings it about when the pod is to be deleted.
func (n *node) finish(ctx context.Context, p *pod, cmd *exec.Cmd) {
	began := metav1.NewTime(p.end.began)
	n.report(ctx, p, corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: began}})
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-p.stop:
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-ended:
		case <-time.After(time.Duration(*p.Spec.TerminationGracePeriodSeconds) * time.Second):
			_ = cmd.Process.Kill()
			err = <-ended
		}
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		n.t.Errorf("pod %s: %v", p.Name, err)
	}
	code := cmd.ProcessState.ExitCode()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	n.mu.Lock()
	p.process, p.end.code, p.end.ended = nil, code, time.Now()
	n.mu.Unlock()
	phase, reason := corev1.PodSucceeded, "Completed"
	if code != 0 {
		phase, reason = corev1.PodFailed, "Error"
	}
	n.report(ctx, p, phase, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: int32(code), Reason: reason, StartedAt: began, FinishedAt: metav1.NewTime(p.end.ended),
	}})
}

// report tells the cluster how far a pod is.
func (n *node) report(ctx context.Context, p *pod, phase corev1.PodPhase, state corev1.ContainerState) {
	began := metav1.NewTime(p.end.began)
	patch, err := json.Marshal(map[string]any{"status": corev1.PodStatus{
		Phase: phase, StartTime: &began,
		ContainerStatuses: []corev1.ContainerStatus{{Name: p.Spec.Containers[0].Name, Image: p.Spec.Containers[0].Image, State: state, Ready: state.Running != nil}},
	}})
	for err == nil && ctx.Err() == nil {
		_, err := n.api.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		if err == nil {
			return
		}
		n.t.Logf("pod %s: report %s: %v", p.Name, phase, err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// kill ends the containers of all pods whose names begin so, as the kernel does when memory runs
// out. It returns how many.
func (n *node) kill(prefix string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	killed := 0
	for _, p := range n.pods {
		if p.process != nil && strings.HasPrefix(p.Name, prefix) && p.process.Kill() == nil {
			killed++
		}
	}
	return killed
}

// running returns the name of a pod that runs, and whose name begins so.
func (n *node) running(prefix string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.pods {
		if p.process != nil && strings.HasPrefix(p.Name, prefix) {
			return p.Name, nil
		}
	}
	return "", fmt.Errorf("no pod %s… runs", prefix)
}

// ends returns how the pods ended whose names begin so, in the order in which they began.
func (n *node) ends(prefix string) []end {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []end
	for _, p := range n.pods {
		if strings.HasPrefix(p.Name, prefix) && p.end != nil && !p.end.ended.IsZero() {
			list = append(list, *p.end)
		}
	}
	slices.SortFunc(list, func(a, b end) int { return a.began.Compare(b.began) })
	return list
}
