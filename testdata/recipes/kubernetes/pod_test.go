//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/volume"
	"k8s.io/kubernetes/pkg/volume/secret"
	volumeutil "k8s.io/kubernetes/pkg/volume/util"
)

// unplayed returns an error if a pod asks for something that the node doesn't do.
func unplayed(p *corev1.Pod) error {
	s := p.Spec
	if len(s.Containers) != 1 || len(s.InitContainers) > 0 {
		return errors.New("more than one container")
	}
	c := s.Containers[0]
	for what, asked := range map[string]bool{
		"a restart policy but Never":       s.RestartPolicy != corev1.RestartPolicyNever,
		"a deadline of its own":            s.ActiveDeadlineSeconds != nil,
		"the node's namespaces":            s.HostNetwork || s.HostPID || s.HostIPC || s.ShareProcessNamespace != nil,
		"no user":                          s.SecurityContext.RunAsUser == nil || c.SecurityContext == nil || c.SecurityContext.RunAsUser != nil,
		"groups":                           s.SecurityContext.RunAsGroup != nil || len(s.SecurityContext.SupplementalGroups) > 0,
		"a command or folder":              len(c.Command) > 0 || c.WorkingDir != "",
		"probes or hooks":                  c.LivenessProbe != nil || c.ReadinessProbe != nil || c.StartupProbe != nil || c.Lifecycle != nil,
		"more of the environment":          len(c.EnvFrom) > 0,
		"resources":                        len(c.Resources.Limits) > 0,
		"an API token for its processes":   s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken,
		"names of hosts":                   len(s.HostAliases) > 0,
		"capabilities that aren't dropped": c.SecurityContext != nil && c.SecurityContext.Capabilities != nil && len(c.SecurityContext.Capabilities.Add) > 0,
	} {
		if asked {
			return errors.New(what)
		}
	}
	return nil
}

// prepare makes what a pod's container needs. An error may be over soon.
func (n *node) prepare(ctx context.Context, p *corev1.Pod) (container, error) {
	spec := p.Spec.Containers[0]
	dir := filepath.Join(n.dir, string(p.UID))
	root := filepath.Join(dir, "root")
	if err := n.unpack(root); err != nil {
		return container{}, err
	}
	folders, err := n.volumes(ctx, p, filepath.Join(dir, "volumes"))
	if err != nil {
		return container{}, err
	}
	env, err := n.environment(ctx, p)
	if err != nil {
		return container{}, err
	}
	// Without a group, a user that the image doesn't know has that of root.
	c := container{Root: root, Host: p.Name, Dir: "/", Args: append([]string{"/oktareset"}, spec.Args...), Env: env, User: int(*p.Spec.SecurityContext.RunAsUser)}
	if group := p.Spec.SecurityContext.FSGroup; group != nil {
		c.Groups = []int{int(*group)}
	}
	if s := spec.SecurityContext; s != nil {
		c.ReadOnlyRoot = s.ReadOnlyRootFilesystem != nil && *s.ReadOnlyRootFilesystem
		c.NoNewRights = s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation
		c.NoRights = s.Capabilities != nil && len(s.Capabilities.Drop) == 1 && s.Capabilities.Drop[0] == "ALL"
	}
	for _, m := range spec.VolumeMounts {
		if m.SubPath != "" || m.SubPathExpr != "" || m.MountPropagation != nil {
			return container{}, fmt.Errorf("volume mount %s: the node can't play it", m.Name)
		}
		c.Mounts = append(c.Mounts, mount{From: folders[m.Name].path, To: m.MountPath, ReadOnly: m.ReadOnly || folders[m.Name].readOnly})
	}
	return c, nil
}

// unpack makes a root folder with the image's files.
func (n *node) unpack(root string) error {
	return filepath.WalkDir(n.image, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(n.image, path)
		if err != nil {
			return err
		}
		to := filepath.Join(root, name)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if err := os.Link(path, to); !errors.Is(err, os.ErrExist) {
			return err
		}
		return nil
	})
}

// environment returns a container's environment: its spec's, and what runtimes set.
func (n *node) environment(ctx context.Context, p *corev1.Pod) ([]string, error) {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + p.Name, "HOME=/"}
	for _, e := range p.Spec.Containers[0].Env {
		value := e.Value
		if from := e.ValueFrom; from != nil {
			if from.SecretKeyRef == nil {
				return nil, fmt.Errorf("variable %s: the node can't play it", e.Name)
			}
			s, err := n.api.CoreV1().Secrets(p.Namespace).Get(ctx, from.SecretKeyRef.Name, metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			text, ok := s.Data[from.SecretKeyRef.Key]
			if !ok {
				return nil, fmt.Errorf("secret %s has no %s", s.Name, from.SecretKeyRef.Key)
			}
			value = string(text)
		}
		env = append(env, e.Name+"="+value)
	}
	return env, nil
}

// folder is a volume on this node.
type folder struct {
	path     string
	readOnly bool
}

// volumes makes a pod's volumes as the kubelet does, with its code.
func (n *node) volumes(ctx context.Context, p *corev1.Pod, dir string) (map[string]folder, error) {
	folders := make(map[string]folder)
	for _, v := range p.Spec.Volumes {
		var f folder
		var err error
		switch {
		case v.Secret != nil:
			f, err = n.secret(ctx, p, v, filepath.Join(dir, v.Name))
		case v.PersistentVolumeClaim != nil:
			f, err = n.claim(ctx, p, v.PersistentVolumeClaim)
		default:
			err = errors.New("the node can't play it")
		}
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", v.Name, err)
		}
		folders[v.Name] = f
	}
	return folders, nil
}

// secret writes a secret into a folder, through the links that the kubelet makes.
func (n *node) secret(ctx context.Context, p *corev1.Pod, v corev1.Volume, dir string) (folder, error) {
	s, err := n.api.CoreV1().Secrets(p.Namespace).Get(ctx, v.Secret.SecretName, metav1.GetOptions{})
	if err != nil {
		return folder{}, err
	}
	payload, err := secret.MakePayload(v.Secret.Items, s, v.Secret.DefaultMode, nil, false)
	if err != nil {
		return folder{}, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return folder{}, err
	}
	writer, err := volumeutil.NewAtomicWriter(dir, p.Name)
	if err != nil {
		return folder{}, err
	}
	return folder{path: dir, readOnly: true}, writer.Write(payload, func(string) error { return own(p, dir, true) })
}

// claim finds the folder that a claim is bound to.
func (n *node) claim(ctx context.Context, p *corev1.Pod, source *corev1.PersistentVolumeClaimVolumeSource) (folder, error) {
	claim, err := n.api.CoreV1().PersistentVolumeClaims(p.Namespace).Get(ctx, source.ClaimName, metav1.GetOptions{})
	if err != nil {
		return folder{}, err
	}
	v, err := n.api.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		return folder{}, err
	}
	f := folder{path: v.Spec.Local.Path, readOnly: source.ReadOnly}
	if f.readOnly {
		return f, nil
	}
	return f, own(p, f.path, false)
}

// mounter tells the kubelet's code about a volume.
type mounter struct {
	volume.Mounter
	readOnly bool
}

func (m mounter) GetAttributes() volume.Attributes {
	return volume.Attributes{ReadOnly: m.readOnly, Managed: true}
}

// own gives a volume to the pod's group, as its security context asks.
func own(p *corev1.Pod, dir string, readOnly bool) error {
	policy := p.Spec.SecurityContext.FSGroupChangePolicy
	if readOnly {
		policy = nil // it is always written anew
	}
	return volume.NewVolumeOwnership(mounter{readOnly: readOnly}, dir, p.Spec.SecurityContext.FSGroup, policy, nil).ChangePermissions()
}
